/** Tells a task that nobody waits for a claim any more, in the background and until it is told. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { voidClaimSignal } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import type { VoidClaimMessage } from '../workflows/task/message-types';

const SIGNAL_TIMEOUT_MS = 2_000;
/** After that the claim, if it was granted at all, lapses by itself: it is never renewed. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

export interface VoidClaims {
  send(taskId: string, message: VoidClaimMessage): void;
  /** Gives up what is not yet delivered. */
  close(): Promise<void>;
}

export function createVoidClaims(client: Client, logger: Pick<Logger, 'warn'>): VoidClaims {
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function deliver(taskId: string, message: VoidClaimMessage): Promise<void> {
    const handle = client.workflow.getHandle(taskWorkflowId(taskId));
    for (const ms of [0, ...PAUSES_MS]) {
      try {
        if (ms > 0) await pause(ms, undefined, { signal: closing.signal });
        await client.withDeadline(Date.now() + SIGNAL_TIMEOUT_MS, () =>
          handle.signal(voidClaimSignal, message),
        );
        return;
      } catch (error) {
        if (closing.signal.aborted || error instanceof WorkflowNotFoundError) return;
      }
    }
    logger.warn({ taskId, requestId: message.request_id }, 'a claim could not be given up; it will lapse');
  }

  return {
    send(taskId, message) {
      const delivery = deliver(taskId, message).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
    },
    async close() {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

/** Removes old run directories from a host, now and then. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { cleanRuns } from '../activities/ssh/clean-runs';
import type { Host } from '../activities/ssh/host';
import { taskQuery } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';

export interface HostCleaningDeps {
  host: Host;
  client: Client;
  /** In milliseconds. */
  keep_ms: number;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/** Ten times while a directory is kept, and at least once an hour. */
const ROUNDS = 10;
const EVERY_MOST_MS = 3_600_000;
/** A worker that is restarted often cleans up all the same. */
const FIRST_MS = 60_000;
const ASK_MS = 5_000;

export function startCleaning({ host, client, keep_ms, logger }: HostCleaningDeps): {
  stop(): Promise<void>;
} {
  const stopping = new AbortController();
  const { signal } = stopping;
  const every_ms = Math.min(keep_ms / ROUNDS, EVERY_MOST_MS);
  let cleaning: Promise<void> | null = null;
  let timer = setTimeout(round, Math.min(every_ms, FIRST_MS));

  function round(): void {
    cleaning = clean().finally(() => {
      if (!signal.aborted) timer = setTimeout(round, every_ms);
    });
  }

  async function clean(): Promise<void> {
    try {
      const isAwaited = (taskId: string, epoch: number) => isAttemptAwaited(client, taskId, epoch);
      const removed = await cleanRuns(host, { keep_ms, isAwaited, signal });
      if (removed > 0) logger.info({ removed }, 'old run directories removed');
    } catch (error) {
      // What is left is there the next time.
      if (!signal.aborted) logger.warn({ err: error }, 'old run directories could not be removed');
    }
  }

  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await cleaning;
    },
  };
}

/** A closed task, or one that has gone on to another attempt, waits for nothing. */
export async function isAttemptAwaited(client: Client, taskId: string, epoch: number): Promise<boolean> {
  const handle = client.workflow.getHandle(taskWorkflowId(taskId));
  try {
    return await client.withDeadline(Date.now() + ASK_MS, async () => {
      if ((await handle.describe()).status.name !== 'RUNNING') return false;
      const { view } = await handle.query(taskQuery);
      const attempt = view.attempts.find((one) => one.epoch === epoch);
      return attempt ? attempt.ended_at === null : epoch >= view.epoch;
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** How a host worker and the holder of its host keep each other informed. */
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  type Client,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { HolderState, HostBeat, HostHealth } from '../workflows/holder/types';
import { reportSignal, seenSignal } from '../workflows/messages';
import { holderWorkflowId, hostRef, presenceActivityId } from '../workflows/names';
import { holderFromMemo } from './holder-state';

export interface HostLine {
  /**
   * Reads the holder, and tells it that the host was reached; null for `beat`: it was not.
   * null when there is no such holder. Rejects with an error of Temporal's client when the engine is away.
   */
  beat(beat: HostBeat | null): Promise<HolderState | null>;
  /** Durable without a worker; costs a few events, so only for what has changed. */
  report(health: HostHealth): Promise<void>;
}

export function createHostLine(client: Client, hostId: string): HostLine {
  const workflowId = holderWorkflowId(hostRef(hostId));
  const handle = client.workflow.getHandle(workflowId);
  let saidSeenAt = Number.NEGATIVE_INFINITY;

  /** While no control worker is up the state stays as it was: said once in a presence time, not at every beat. */
  async function saySeen({ profile }: HolderState): Promise<void> {
    if (Date.now() - saidSeenAt < profile.presence_ms) return;
    await handle.signal(seenSignal);
    saidSeenAt = Date.now();
  }

  async function heartbeat(state: HolderState, beat: HostBeat): Promise<void> {
    try {
      await client.activity.heartbeat({ workflowId, activityId: presenceActivityId(state.n) }, beat);
      saidSeenAt = Number.NEGATIVE_INFINITY;
    } catch (error) {
      if (!(error instanceof ActivityNotFoundError || error instanceof ActivityCancelledError)) throw error;
      // It expired, and the signal starts the next; or it is just being started, and the signal changes nothing.
      await saySeen(state);
    }
  }

  return {
    async beat(beat) {
      try {
        const description = await handle.describe();
        const state = description.status.name === 'RUNNING' ? holderFromMemo(description) : null;
        if (state === null || beat === null) return state;
        if (state.presence === 'online') await heartbeat(state, beat);
        else await saySeen(state);
        return state;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    async report(health) {
      await handle.signal(reportSignal, health);
    },
  };
}

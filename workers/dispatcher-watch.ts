/** Host activities that tell the slots when attempts begin and end in this process. */
import { ApplicationFailure } from '@temporalio/common';
import type { HostActivities } from '../contracts/run';
import type { Failure } from '../contracts/task';
import { isConnectFailure } from '../workflows/rules/connect-failure';
import type { Slots } from './dispatcher-slots';

/** A host without room is left alone for this long: whoever has its slots is not known here. */
const FULL_PAUSE_MS = 2_000;

/** @param onUnreachable a run could not be started because the host could not be reached */
export function watchActivities(
  activities: HostActivities,
  hostId: string,
  slots: Slots,
  onUnreachable: (failure: Failure) => void = () => undefined,
): HostActivities {
  return {
    async startRun(request) {
      const leave = slots.enter(hostId, request.task_id, request.attempt_id);
      try {
        const started = await activities.startRun(request);
        leave('goes on');
        return started;
      } catch (error) {
        if (isFailure(error) && error.type === 'slots_full') {
          slots.block(hostId, FULL_PAUSE_MS);
          leave('ended');
          // Trying again here would keep the task from hosts and agents that have room: back to the board with it.
          throw ApplicationFailure.nonRetryable(error.message, error.type);
        }
        if (isFailure(error) && isConnectFailure(error.type)) {
          onUnreachable({ code: error.type, message: error.message });
        }
        leave(isFinal(error) ? 'ended' : 'goes on');
        throw error;
      }
    },
    async followRun(request) {
      const { task_id, attempt_id } = request.request;
      const leave = slots.enter(hostId, task_id, attempt_id);
      try {
        const outcome = await activities.followRun(request);
        leave('ended');
        return outcome;
      } catch (error) {
        // Not followed any more here; the run may live on and be followed again.
        leave(isFinal(error) ? 'ended' : 'goes on');
        throw error;
      }
    },
    async killRun(request) {
      const report = await activities.killRun(request);
      if (report.seen !== 'alive') slots.attemptEnded(hostId, request.attempt_id);
      return report;
    },
  };
}

const isFailure = (error: unknown): error is ApplicationFailure => error instanceof ApplicationFailure;
const isFinal = (error: unknown) => isFailure(error) && error.nonRetryable === true;

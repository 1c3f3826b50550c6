import {
  ActivityCancellationType,
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  CancellationScope,
  proxyActivities,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { HostActivities, RunRequest, StartedRun } from '../../contracts/run';
import type { Failure } from '../../contracts/task';
import { attemptId, holderId, hostQueue } from '../names';
import { followTimeoutMs } from '../rules/attempt';
import { isConnectFailure } from '../rules/connect-failure';
import { runEnded, runFailed, runStarted } from '../rules/run';
import type { Machine } from './machine';
import type { Lease, TaskState } from './types';

/** A worker that dies while it starts a run is replaced by the next; a run directory is claimed only once. */
const START_TRIES = 3;
/** Making a work directory may clone a repository. */
const START_TIMEOUT_MS = 15 * 60_000;
const PICKUP_MS = 60_000;
const PAUSE_MS = 1_000;

/** One attempt on a host: start it, then follow it on whatever worker there is, until it ends or is revoked. */
export async function runOnHost(lease: Lease, machine: Machine): Promise<void> {
  const request = runRequest(machine.state, lease.epoch);
  const started = await start(lease, request, machine);
  if (!started) return;
  machine.apply((state, now) => runStarted(state, lease.epoch, now));
  await follow(lease, request, started, machine);
}

async function start(lease: Lease, request: RunRequest, machine: Machine): Promise<StartedRun | null> {
  const options = hostOptions(lease, machine.state, `start epoch ${lease.epoch} on ${lease.holder}`);
  const { startRun } = proxyActivities<HostActivities>({
    ...options,
    scheduleToStartTimeout: Math.min(PICKUP_MS, request.host_lost_after_ms),
    startToCloseTimeout: START_TIMEOUT_MS,
  });
  let mayRun = false;
  let failure: Failure = { code: 'start_failed', message: 'the run could not be started' };
  for (let tries = 0; tries < START_TRIES; tries++) {
    try {
      return await startRun(request);
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error;
      const cause = causeOf(error);
      // A try that did not get through started nothing, but says nothing of what an earlier one started.
      const connect = cause instanceof ApplicationFailure && isConnectFailure(cause.type);
      if (isFinal(cause)) {
        if (!connect) mayRun = false;
        failure = { code: cause.type ?? 'start_failed', message: cause.message };
        break;
      }
      if (isPickupTimeout(cause)) {
        failure = { code: 'host_unreachable', message: `no worker for ${lease.holder} picked the run up` };
        break;
      }
      if (!connect) mayRun = true;
      failure = { code: (connect && cause.type) || 'start_failed', message: cause.message };
      await sleep(PAUSE_MS, { summary: 'before the next try to start' });
    }
  }
  machine.apply((state, now) =>
    runFailed(state, lease.epoch, failure, now, { random: Math.random(), mayRun }),
  );
  return null;
}

/**
 * Each time a follower is lost, the next re-attaches. The pick-up limit is set here, per follower, and not
 * on retries of one activity: so a host without any worker is noticed, and its run is dead by then, because
 * the launcher kills what nobody follows for `host_lost_after_ms`.
 */
async function follow(
  lease: Lease,
  request: RunRequest,
  started: StartedRun,
  machine: Machine,
): Promise<void> {
  const options = hostOptions(lease, machine.state, `follow epoch ${lease.epoch} on ${lease.holder}`);
  const { followRun } = proxyActivities<HostActivities>({
    ...options,
    scheduleToStartTimeout: request.host_lost_after_ms + request.kill_grace_ms,
    startToCloseTimeout: machine.state.input.timeouts.run_ms + START_TIMEOUT_MS,
  });
  for (;;) {
    try {
      const outcome = await followRun({ request, started });
      machine.apply((state, now) => runEnded(state, lease.epoch, outcome, now, Math.random()));
      return;
    } catch (error) {
      if (CancellationScope.current().consideredCancelled) throw error;
      const cause = causeOf(error);
      const failure = isPickupTimeout(cause)
        ? {
            code: 'host_lost',
            message: `no worker for ${lease.holder} within ${request.host_lost_after_ms} ms`,
          }
        : isFinal(cause) && { code: cause.type ?? 'run_lost', message: cause.message };
      if (failure) {
        machine.apply((state, now) =>
          runFailed(state, lease.epoch, failure, now, { random: Math.random(), mayRun: false }),
        );
        return;
      }
      await sleep(PAUSE_MS, { summary: 'before the run is followed again' });
    }
  }
}

function hostOptions(lease: Lease, state: TaskState, summary: string): ActivityOptions {
  return {
    taskQueue: hostQueue(holderId(lease.holder)),
    heartbeatTimeout: followTimeoutMs(state),
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary,
  };
}

function runRequest(state: TaskState, epoch: number): RunRequest {
  const { input, run_key, checkpoint, findings, handed_in } = state;
  return {
    attempt_id: attemptId(input.task_id, run_key, epoch),
    task_id: input.task_id,
    epoch,
    title: input.title,
    body: input.body,
    change: input.change ?? null,
    labels: input.labels,
    template: input.template,
    repository: input.repository,
    branch_name: input.branch_name,
    checkpoint,
    findings,
    handed_in: handed_in ?? null,
    host_lost_after_ms: input.host_lost_after_ms,
    kill_grace_ms: input.kill_grace_ms,
  };
}

const causeOf = (error: unknown): Error => {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause : new Error(String(cause));
};

/** Activities mark what no other worker could mend as non-retryable; its type is the failure code. */
const isFinal = (cause: Error): cause is ApplicationFailure =>
  cause instanceof ApplicationFailure && cause.nonRetryable === true;

const isPickupTimeout = (cause: Error) =>
  cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START';

/** How an attempt ends, other than by an accepted receipt. */
import type { Failure } from '../../contracts/task';
import { attemptId, isHost } from '../names';
import type { Lease, TaskState } from '../task/types';
import { backoffMs } from './backoff';
import { endAttempt, free, note } from './state';

/** Ends the task: at once, or when every run that may be alive has been seen dead. */
export function close(
  state: TaskState,
  status: 'completed' | 'failed' | 'cancelled',
  reason: Failure | null,
  now: number,
): TaskState {
  const idle: TaskState = {
    ...state,
    claimable_since: null,
    not_before: null,
    assigned: null,
    review_since: null,
  };
  if (state.stops.length > 0) return { ...idle, closing: { status, reason }, reason };
  const message = reason ? `${status}: ${reason.code}: ${reason.message}` : status;
  return note({ ...idle, status, reason, closing: null, closed_at: now }, now, status, message);
}

/** A follower that does not report for this long is taken to be gone. at most 10 s, in milliseconds. */
export const followTimeoutMs = (state: TaskState) =>
  Math.min(10_000, Math.ceil(state.input.host_lost_after_ms / 2));

/** Fences the holder: epoch + 1, lease gone; a run on a host is to be stopped and seen dead. */
export function revoke(
  state: TaskState,
  now: number,
  why: string,
  failure: Failure | null = null,
): TaskState {
  const { lease } = state;
  const revoked: TaskState = { ...state, epoch: state.epoch + 1, lease: null };
  if (!lease) return revoked;
  const ended = endAttempt(revoked, lease.epoch, { at: now, outcome: why, failure });
  return note(
    isHost(lease.holder) ? withStop(ended, lease, now) : ended,
    now,
    'revoked',
    `${lease.holder}: ${why}`,
  );
}

function withStop(state: TaskState, lease: Lease, now: number): TaskState {
  const stop = {
    attempt_id: attemptId(state.input.task_id, state.run_key, lease.epoch),
    holder: lease.holder,
    epoch: lease.epoch,
    immediate: false,
    // From then on the launcher's watch has done its work, seen or not.
    fenced_at: now + followTimeoutMs(state) + state.input.host_lost_after_ms + state.input.kill_grace_ms,
  };
  return { ...state, stops: [...state.stops, stop] };
}

/** The attempt came to nothing. Charged: one retry less, after a back-off; none left: the task fails. */
export function attemptFailed(
  state: TaskState,
  failure: Failure,
  now: number,
  opts: { random: number; charge?: boolean; final?: boolean; output_ref?: string | null },
): TaskState {
  const ended = endAttempt({ ...state, lease: null }, state.lease?.epoch ?? state.epoch, {
    at: now,
    outcome: 'failed',
    failure,
    output_ref: opts.output_ref ?? null,
  });
  const failed = note(
    { ...ended, reason: failure },
    now,
    'attempt_failed',
    `${failure.code}: ${failure.message}`,
  );
  const { backoff, max_retries } = state.input;
  if (opts.charge === false) return free(failed, now, backoffMs(1, backoff, opts.random));
  if (opts.final || failed.retry_count >= max_retries) return close(failed, 'failed', failure, now);
  const retry_count = failed.retry_count + 1;
  const delay = backoffMs(retry_count, backoff, opts.random);
  const freed = free({ ...failed, retry_count }, now, delay);
  return note(freed, now, 'retry', `retry ${retry_count} of ${max_retries} in ${delay} ms`);
}

/** A run was seen dead, or is dead by its own watch: what waited for that goes on. */
export function stopped(state: TaskState, stoppedId: string, message: string, now: number): TaskState {
  if (!state.stops.some((s) => s.attempt_id === stoppedId)) return state;
  const rest = note(
    { ...state, stops: state.stops.filter((s) => s.attempt_id !== stoppedId) },
    now,
    'stopped',
    message,
  );
  if (rest.stops.length > 0) return rest;
  return rest.closing ? close(rest, rest.closing.status, rest.closing.reason, now) : rest;
}

/** What a run on a host reports back, as long as its epoch is the current one. */
import type { RunOutcome } from '../../contracts/run';
import type { Failure } from '../../contracts/task';
import type { Lease, TaskState } from '../task/types';
import { attemptFailed, revoke } from './attempt';
import { isConnectFailure } from './connect-failure';
import { modeOf } from './decide';
import { accept, running } from './receipt';
import { note } from './state';

/** Failures that say nothing about the task: the host had no room after all. */
const UNCHARGED = new Set(['slots_full']);

export function runStarted(state: TaskState, epoch: number, now: number): TaskState {
  const { lease } = state;
  if (lease?.epoch !== epoch) return state;
  return running({ ...state, lease: { ...lease, run: 'following' } }, now);
}

export function runEnded(
  state: TaskState,
  epoch: number,
  run: RunOutcome,
  now: number,
  random: number,
): TaskState {
  if (state.lease?.epoch !== epoch) return state;
  const kept = { ...state, checkpoint: run.checkpoint ?? state.checkpoint };
  const { output_ref } = run;
  if (run.receipt) return accept(kept, { ...run.receipt, output_ref: output_ref ?? undefined }, now);
  const failure = run.failure ?? { code: 'no_outcome', message: 'the run ended without a receipt' };
  return attemptFailed(kept, failure, now, {
    random,
    output_ref,
    charge: !lostSession(state, kept, failure),
  });
}

/** A session that is gone from its host says nothing about the task. Each is lost once: the next attempt has none. */
const lostSession = (before: TaskState, after: TaskState, { code }: Failure) =>
  code === 'session_not_found' &&
  before.checkpoint?.session_id !== undefined &&
  after.checkpoint?.session_id === undefined;

/**
 * A host that could not be reached says nothing about a task that any holder may do: it is not charged. One that was
 * chosen, by mode or by name, is tried again until no retry is left; by name, it stays assigned.
 * `mayRun`: nobody can rule out that a process was started, so it is stopped before the next attempt.
 */
export function runFailed(
  state: TaskState,
  epoch: number,
  failure: Failure,
  now: number,
  opts: { random: number; mayRun: boolean },
): TaskState {
  const { lease } = state;
  if (lease?.epoch !== epoch) return state;
  const unreached = isConnectFailure(failure.code) && !opts.mayRun;
  const chosen = lease.assigned === true || state.input.execution_mode === 'ssh_cli';
  const charge = !UNCHARGED.has(failure.code) && (chosen || !unreached);
  const fenced = opts.mayRun ? revoke(state, now, failure.code, failure) : state;
  const failed = attemptFailed(fenced, failure, now, { random: opts.random, charge });
  return unreached && lease.assigned === true && failed.status === 'created'
    ? assignAgain(failed, lease, now)
    : failed;
}

function assignAgain(state: TaskState, { holder }: Lease, now: number): TaskState {
  const until = (state.not_before ?? now) + state.input.timeouts.assign_ms;
  const assigned: TaskState = {
    ...state,
    status: 'assigned',
    execution_mode: modeOf(holder),
    assigned: { holder, until },
  };
  return note(assigned, now, 'assigned', `to ${holder} again`);
}

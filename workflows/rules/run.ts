/** What a run on a host reports back, as long as its epoch is the current one. */
import type { RunOutcome } from '../../contracts/run';
import type { Failure } from '../../contracts/task';
import type { TaskState } from '../task/types';
import { attemptFailed, revoke } from './attempt';
import { accept, running } from './receipt';

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
  return attemptFailed(kept, failure, now, { random, output_ref });
}

/** `mayRun`: nobody can rule out that a process was started, so it is stopped before the next attempt. */
export function runFailed(
  state: TaskState,
  epoch: number,
  failure: Failure,
  now: number,
  opts: { random: number; mayRun: boolean },
): TaskState {
  if (state.lease?.epoch !== epoch) return state;
  const fenced = opts.mayRun ? revoke(state, now, failure.code, failure) : state;
  return attemptFailed(fenced, failure, now, { random: opts.random, charge: !UNCHARGED.has(failure.code) });
}

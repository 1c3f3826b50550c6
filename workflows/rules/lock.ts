/**
 * The lock of a task: one holder at a time for all tasks of a product that name it. It is asked for when a holder
 * claims, and is kept as long as an attempt may be alive: while the lease lasts, while a lapsed lease may be renewed,
 * and until a stopped run is seen dead.
 */
import type { ClaimRequest } from '../task/message-types';
import type { TaskState } from '../task/types';
import { checkClaim, grant } from './claim';
import { charge, isLost } from './lease';
import { note } from './state';

/** A task that was not told of the end of a lock looks again after this long. */
export const LOCK_RETRY_MS = 60_000;

export const needsLock = (state: TaskState) => state.input.lock !== undefined && !state.lock;

export const askLock = (state: TaskState, claim: ClaimRequest): TaskState => ({
  ...state,
  lock: { key: claim.request_id, claim },
});

const pending = ({ lock }: TaskState, key: string) => (lock?.key === key ? lock.claim : null);

/** The lock is ours. Much may have happened since the claim was looked at, so it is looked at again; see dropLock. */
export function lockTaken(state: TaskState, key: string, now: number): TaskState {
  const claim = pending(state, key);
  if (!claim) return state;
  const locked: TaskState = { ...state, lock: { key, claim: null } };
  return checkClaim(locked, claim, now) === null ? grant(locked, claim, now) : offerAgain(locked, now);
}

/** Another task has the lock. `told`: we shall hear when it is free. */
export function lockRefused(state: TaskState, key: string, told: boolean, now: number): TaskState {
  if (!pending(state, key)) return state;
  const refused: TaskState = { ...state, lock: null };
  if (state.claimable_since === null || !told) return offerAgain(refused, now);
  const at = now + LOCK_RETRY_MS;
  const waiting = { ...refused, claimable_since: null, not_before: at, lock_retry_at: at };
  const known = state.events.at(-1)?.type === 'locked';
  return known ? waiting : note(waiting, now, 'locked', 'another task holds the lock');
}

/** With a new time: boards dropped the task when it was claimed. */
const offerAgain = (state: TaskState, now: number): TaskState =>
  state.claimable_since === null ? state : { ...state, claimable_since: now };

export function lockFreed(state: TaskState, now: number): TaskState {
  if (state.not_before === null || state.not_before !== state.lock_retry_at) return state;
  return { ...state, claimable_since: now, not_before: null };
}

/** Gives the lock up once no attempt can be alive. */
export function dropLock(state: TaskState): TaskState {
  const needed = !state.lock || state.lock.claim || state.lease || state.stops.length > 0;
  return needed ? state : { ...state, lock: null };
}

/** Nobody claims the task whose holder went silent: others that want the lock wait no longer than its run may last. */
export const lockTimeoutAt = (state: TaskState): number | null =>
  state.lock && state.lease?.lapsed_at != null && !isLost(state)
    ? Math.max(state.lease.lapsed_at, state.lease.granted_at + state.input.timeouts.run_ms)
    : null;

export function lockTimedOut(state: TaskState, now: number): TaskState {
  const fenced: TaskState = { ...charge(state, now), epoch: state.epoch + 1, lease: null };
  return note(fenced, now, 'lock_given_up', `${state.lease?.holder} may not renew its lease any more`);
}

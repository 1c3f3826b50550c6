/** Renewal, expiry and loss of a lease. Expiry frees; only a later grant or a revocation fences. */
import type { Checkpoint } from '../../contracts/receipt';
import type { Rejection } from '../messages';
import { leaseActivityId } from '../names';
import type { LeaseHeartbeat } from '../task/activity-types';
import type { CheckpointMessage, Renewal, RenewRequest } from '../task/message-types';
import type { TaskState } from '../task/types';
import { close } from './attempt';
import { modeOf } from './decide';
import { pullIsNew, toReview } from './open-pull';
import { endAttempt, free, note } from './state';

/** Nobody else is to take the task now: it waits one lease length for its holder, and then its attempt is over. */
export function isLost(state: TaskState): boolean {
  const { lease, retry_count, input } = state;
  if (lease?.lapsed_at == null) return false;
  return pullIsNew(state) || (lease.renewed && retry_count >= input.max_retries);
}

/** The lease activity timed out. The task becomes claimable; the holder may still renew. */
export function lapse(
  state: TaskState,
  activity: { epoch: number; n: number; heartbeat: LeaseHeartbeat | null },
  now: number,
): TaskState {
  const { lease } = state;
  if (lease?.epoch !== activity.epoch || lease.n !== activity.n || lease.lapsed_at !== null) return state;
  const renewed = lease.renewed || activity.heartbeat !== null;
  const { checkpoint = null, checkpoint_at } = activity.heartbeat ?? {};
  const lapsed: TaskState = {
    ...withNewest(state, checkpoint, checkpoint_at),
    lease: { ...lease, renewed, lapsed_at: now },
  };
  const why = renewed ? 'not renewed in time' : 'never renewed';
  const freed = free(note(lapsed, now, 'lapsed', `${lease.holder}: ${why}`), now);
  // Without a retry left it fails after that time; with a pull request of this attempt it goes to review.
  return isLost(freed) ? { ...freed, claimable_since: null, not_before: null } : freed;
}

/** So that what a holder came to is known, however its attempt ends. */
export function keepCheckpoint(state: TaskState, message: CheckpointMessage): TaskState {
  const { lease } = state;
  if (lease?.epoch !== message.epoch || lease.holder !== message.holder) return state;
  return withNewest(state, message.checkpoint, message.checkpoint_at);
}

/** Renewals go to any process of the API: the one that came last may repeat a checkpoint that is not the newest. */
export function withNewest(
  state: TaskState,
  checkpoint: Checkpoint | null,
  at: number | undefined,
): TaskState {
  if (!checkpoint || (at ?? Infinity) < (state.checkpoint_at ?? 0)) return state;
  return { ...state, checkpoint, ...(at === undefined ? {} : { checkpoint_at: at }) };
}

export const lostAt = ({ lease }: TaskState) =>
  lease?.lapsed_at == null ? null : lease.lapsed_at + lease.lease_ms;

export function checkRenew(state: TaskState, request: RenewRequest, now: number): Rejection | null {
  if (state.lease?.epoch !== request.epoch) return 'stale_epoch';
  if (state.lease.holder !== request.holder) return 'held_by_other';
  return now > request.not_after ? 'too_late' : null;
}

/** Nobody was granted the task since: the same holder goes on, under the same epoch. */
export function rearm(state: TaskState, now: number): TaskState {
  const { lease } = state;
  if (!lease || lease.lapsed_at === null) return state;
  return note(
    {
      ...state,
      lease: { ...lease, n: lease.n + 1, lapsed_at: null, renewed: true },
      status: 'running',
      execution_mode: modeOf(lease.holder),
      claimable_since: null,
      not_before: null,
      assigned: null,
    },
    now,
    'renewed',
    `${lease.holder} came back`,
  );
}

export function renewalOf(state: TaskState): Renewal {
  const { lease } = state;
  if (!lease) throw new Error('no lease to describe');
  return { epoch: lease.epoch, lease_ms: lease.lease_ms, activity_id: leaseActivityId(lease.epoch, lease.n) };
}

/** The lapsed lease is gone for good. A holder that had renewed costs a retry; one that never did does not. */
export function charge(state: TaskState, now: number): TaskState {
  const { lease } = state;
  if (!lease) return state;
  const failure = { code: 'lease_lost', message: `${lease.holder} did not renew its lease` };
  const ended = endAttempt(state, lease.epoch, {
    at: now,
    outcome: lease.renewed ? 'lost' : 'lapsed',
    failure,
  });
  // A coordinator may assign a task that has no retry left, and that waits for its holder.
  const retry_count = Math.min(state.retry_count + 1, state.input.max_retries);
  return lease.renewed ? { ...ended, retry_count, reason: failure } : ended;
}

export function leaseLost(state: TaskState, now: number): TaskState {
  const { lease } = state;
  if (!lease) return state;
  if (pullIsNew(state)) {
    const handedOver = endAttempt(state, lease.epoch, { at: now, outcome: 'pull_request' });
    return toReview({ ...handedOver, epoch: state.epoch + 1, lease: null }, now);
  }
  const failure = {
    code: 'lease_lost',
    message: `${lease.holder} did not renew its lease; no retry is left`,
  };
  const ended = endAttempt(state, lease.epoch, { at: now, outcome: 'lost', failure });
  return close({ ...ended, epoch: state.epoch + 1, lease: null }, 'failed', failure, now);
}

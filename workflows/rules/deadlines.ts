/** Every time limit of a task, as a list; the workflow keeps one timer, for the earliest. */
import type { TaskState } from '../task/types';
import { attemptFailed, close, revoke, stopped } from './attempt';
import { isOpen } from './claim';
import { isLost, leaseLost, lostAt } from './lease';
import { lockTimedOut, lockTimeoutAt } from './lock';
import { free, note } from './state';

export type DeadlineKind =
  | 'claimable'
  | 'queue_timeout'
  | 'assign_timeout'
  | 'run_timeout'
  | 'total_timeout'
  | 'review_timeout'
  | 'lease_lost'
  | 'lock_timeout'
  | 'fenced';

export interface Deadline {
  at: number;
  kind: DeadlineKind;
}

const plus = (since: number | null, ms: number | null) => (since === null || ms === null ? null : since + ms);

/** The next deadline, or null. Ties go to the first of the list. */
export function nextDeadline(state: TaskState): Deadline | null {
  const { timeouts, created_at } = state.input;
  const held = state.lease && state.lease.lapsed_at === null ? state.lease.granted_at : null;
  const waiting = state.stops.length === 0 ? state.not_before : null;
  const queued = state.lease === null ? state.claimable_since : null;
  const open = isOpen(state);
  const limits: Array<[DeadlineKind, number | null]> = [
    ['fenced', state.stops.length === 0 ? null : Math.min(...state.stops.map((s) => s.fenced_at))],
    ['total_timeout', open ? plus(created_at, timeouts.total_ms) : null],
    ['run_timeout', open ? plus(held, timeouts.run_ms) : null],
    ['lease_lost', open && isLost(state) ? lostAt(state) : null],
    ['lock_timeout', open ? lockTimeoutAt(state) : null],
    ['review_timeout', open ? plus(state.review_since, timeouts.review_wait_ms) : null],
    ['assign_timeout', open ? (state.assigned?.until ?? null) : null],
    ['queue_timeout', open ? plus(queued, timeouts.queue_wait_ms) : null],
    ['claimable', open ? waiting : null],
  ];
  let next: Deadline | null = null;
  for (const [kind, at] of limits) {
    if (at !== null && (next === null || at < next.at)) next = { at, kind };
  }
  return next;
}

/** Applies every deadline that has passed. */
export function applyDue(state: TaskState, now: number, random: number): TaskState {
  let current = state;
  for (let due = nextDeadline(current); due && due.at <= now; due = nextDeadline(current)) {
    current = applyDeadline(current, due.kind, now, random);
  }
  return current;
}

function applyDeadline(state: TaskState, kind: DeadlineKind, now: number, random: number): TaskState {
  const { timeouts } = state.input;
  switch (kind) {
    case 'claimable':
      return { ...state, claimable_since: now, not_before: null };
    case 'queue_timeout':
      return close(
        state,
        'failed',
        failure(kind, `nobody took the task within ${timeouts.queue_wait_ms} ms`),
        now,
      );
    case 'assign_timeout':
      return note(free(state, now), now, 'unassigned', `${state.assigned?.holder} did not take the task up`);
    case 'run_timeout': {
      const overrun = failure(kind, `the attempt ran longer than ${timeouts.run_ms} ms`);
      return attemptFailed(revoke(state, now, kind, overrun), overrun, now, { random });
    }
    case 'total_timeout': {
      const overdue = failure(kind, `not done within ${timeouts.total_ms} ms`);
      return close(revoke(state, now, kind, overdue), 'failed', overdue, now);
    }
    case 'review_timeout':
      return close(state, 'failed', failure(kind, `no verdict within ${timeouts.review_wait_ms} ms`), now);
    case 'lease_lost':
      return leaseLost(state, now);
    case 'lock_timeout':
      return lockTimedOut(state, now);
    case 'fenced': {
      const stop = state.stops.find((s) => s.fenced_at <= now);
      const message = `run of epoch ${stop?.epoch} not seen dead; its own watch has ended it by now`;
      return stop ? stopped(state, stop.attempt_id, message, now) : state;
    }
    default:
      return assertNever(kind);
  }
}

const failure = (code: string, message: string) => ({ code, message });

function assertNever(kind: never): never {
  throw new Error(`unknown deadline ${kind}`);
}

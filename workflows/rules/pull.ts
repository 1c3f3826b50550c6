/**
 * What a forge says of the pull request of a task. Decided by the state of the pull request, not by the name of the
 * event: deliveries come late, twice and in any order.
 */
import type { ForgeMessage } from '../task/message-types';
import type { Outcome, TaskPull, TaskState } from '../task/types';
import { close, revoke } from './attempt';
import { isOpen } from './claim';
import { isLost } from './lease';
import { openPull, toReview } from './open-pull';
import type { Step } from './receipt';
import { free, note } from './state';
import { isTerminal } from './status';

type Facts = Omit<TaskPull, 'approved'>;

const ok = (message: string): Outcome => ({ code: 'ok', message });

export function hearForge(state: TaskState, { what, pull, by }: ForgeMessage, now: number): Step {
  if (isTerminal(state.status)) {
    return { state, outcome: { code: 'closed', message: `the task is ${state.status}` } };
  }
  if (!pull) return { state: note(state, now, 'pushed', `by ${by}`), outcome: ok(what) };
  if (isOld(state, pull)) return { state, outcome: ok('nothing new') };
  return { state: apply(state, pull, by, now), outcome: ok(pull.state) };
}

/** A merge is never undone, so it is never old; but one of an earlier run of the task says nothing of this run. */
function isOld({ pull: known, input }: TaskState, told: Facts): boolean {
  if (known?.state === 'merged') return true;
  const ofEarlierRun = input.first_epoch > 1 && told.updated_at < input.created_at;
  if (told.number === known?.number) return told.state !== 'merged' && told.updated_at < known.updated_at;
  switch (told.state) {
    case 'merged':
      return ofEarlierRun;
    case 'closed':
      return ofEarlierRun || known?.state === 'open';
    case 'open':
      return known?.state === 'open' && told.number < known.number;
  }
}

function apply(state: TaskState, told: Facts, by: string, now: number): TaskState {
  const known = withFacts(state, told, by, now);
  switch (told.state) {
    case 'merged':
      return merged(known, by, now);
    case 'closed':
      return closed(state, known, by, now);
    case 'open':
      return isOpen(known) ? opened(state, known, now) : known;
  }
}

function withFacts(state: TaskState, told: Facts, by: string, now: number): TaskState {
  const before = state.pull?.number === told.number ? state.pull : null;
  const pushed = before !== null && before.head_sha !== told.head_sha;
  const approved = before?.approved === true && !pushed;
  const voided = before?.approved === true && pushed && state.status === 'review_pending';
  const next: TaskState = {
    ...state,
    pull: { ...told, approved },
    ...(voided && { review_since: now }),
    last_activity_at: now,
  };
  const name = `pull request ${told.number}`;
  if (before?.state !== told.state) return note(next, now, EVENT[told.state], `${name} by ${by}`);
  return pushed ? note(next, now, 'pull_updated', `${name} is at ${told.head_sha.slice(0, 12)}`) : next;
}

const EVENT = { open: 'pull_opened', merged: 'pull_merged', closed: 'pull_closed' } as const;

/** The work is done, whoever is at it still, and whatever the task was about to end as. */
function merged(state: TaskState, by: string, now: number): TaskState {
  if (!isOpen(state)) return { ...state, closing: { status: 'completed', reason: null }, reason: null };
  const fenced = revoke(state, now, `pull request ${state.pull?.number} merged by ${by}`);
  return close({ ...fenced, findings: [] }, 'completed', null, now);
}

function closed(before: TaskState, state: TaskState, by: string, now: number): TaskState {
  // One that was closed before anybody worked on the task is not an answer to its work.
  const known = before.pull?.number === state.pull?.number || state.attempts.length > 0;
  if (!isOpen(state) || !known) return state;
  const message = `pull request ${state.pull?.number} was closed without a merge by ${by}`;
  return close(revoke(state, now, 'pull request closed'), 'cancelled', { code: 'pull_closed', message }, now);
}

/** Somebody who works on the task goes on. A holder that went silent gets the time it has in any case. */
function opened(before: TaskState, state: TaskState, now: number): TaskState {
  if (state.lease) return state.lease.lapsed_at === null ? state : whileSilent(state, now);
  const isNew = openPull(before)?.number !== state.pull?.number;
  const worked = state.attempts.length > 0;
  return isNew && worked && state.status !== 'review_pending' ? toReview(state, now) : state;
}

/** What was pushed may be taken back again: then the task is for whoever comes first, as before. */
function whileSilent(state: TaskState, now: number): TaskState {
  if (isLost(state)) return { ...state, claimable_since: null, not_before: null };
  return state.claimable_since === null && state.not_before === null ? free(state, now) : state;
}

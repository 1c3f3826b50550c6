/** The review loop and its limits, and the other words of people: cancel. */
import type { Failure } from '../../contracts/task';
import type { CancelMessage, ReviewMessage } from '../task/message-types';
import type { Outcome, TaskState } from '../task/types';
import { close, revoke } from './attempt';
import { isOpen } from './claim';
import { notConverging, roundOf, withRound } from './converge';
import { openPull, pullIsNew } from './open-pull';
import type { Step } from './receipt';
import { free, note } from './state';

export function review(state: TaskState, message: ReviewMessage, now: number): Step {
  if (!isOpen(state)) return { state, outcome: { code: 'closed', message: `the task is ${state.status}` } };
  if (state.status !== 'review_pending') return early(state, message, now);
  const outcome = { code: 'ok', message: message.verdict } as const;
  const noted = note(state, now, 'reviewed', `${message.verdict} by ${message.by}`);
  return {
    state: message.verdict === 'approved' ? approved(noted, now) : rejected(noted, message, now),
    outcome,
  };
}

/** A task with a pull request is completed by the merge. */
function approved(state: TaskState, now: number): TaskState {
  const pull = openPull(state);
  if (!pull) return close(state, 'completed', null, now);
  return { ...state, pull: { ...pull, approved: true }, review_since: null };
}

function rejected(state: TaskState, message: ReviewMessage, now: number): TaskState {
  const pull = openPull(state);
  const { findings } = message;
  const rounds = withRound(state.rounds ?? [], roundOf(findings, message.change ?? contentOf(state)));
  const next: TaskState = {
    ...state,
    review_count: state.review_count + 1,
    review_since: null,
    findings,
    rounds,
    ...(pull && { pull: { ...pull, approved: false } }),
  };
  const reason = notConverging(rounds) ?? overLimit(next);
  if (reason) return close(next, 'failed', reason, now);
  return free({ ...next, receipt: null, handed_in: handedIn(state) }, now);
}

function overLimit({ review_count, input: { max_retries } }: TaskState): Failure | null {
  if (review_count <= max_retries) return null;
  return {
    code: 'review_limit',
    message: `rejected ${review_count} times; the limit is ${max_retries}`,
  };
}

/** Names what was judged, when the reviewer did not. */
const contentOf = (state: TaskState) => openPull(state)?.head_sha ?? state.receipt?.artifacts.commit ?? null;

function handedIn(state: TaskState): TaskState['handed_in'] {
  const { receipt, input } = state;
  if (receipt) return { summary: receipt.summary, artifacts: receipt.artifacts };
  const pull = openPull(state);
  if (!pull) return null;
  const artifacts = { branch: input.branch_name, commit: pull.head_sha, pr_url: pull.url };
  return { summary: `Pull request ${pull.number}.`, artifacts };
}

/** A verdict on a pull request before its turn: while somebody is at work on it, or while the next attempt is awaited. */
function early(state: TaskState, message: ReviewMessage, now: number): Step {
  const pull = openPull(state);
  const { verdict, by, findings } = message;
  if (!pull) {
    const text = `nothing to review: the task is ${state.status}`;
    return { state, outcome: { code: 'wrong_status', message: text } };
  }
  const noted: TaskState = {
    ...note(state, now, 'reviewed', `${verdict} by ${by}, early`),
    pull: { ...pull, approved: verdict === 'approved' },
    early_review: null,
  };
  const outcome: Outcome = { code: 'ok', message: `${verdict}, early` };
  if (verdict === 'approved') return { state: noted, outcome };
  const next: TaskState = isAtWork(state)
    ? { ...noted, early_review: { message, head_sha: pull.head_sha } }
    : { ...noted, findings };
  return { state: next, outcome };
}

const isAtWork = (state: TaskState) =>
  state.lease !== null && (state.lease.lapsed_at === null || pullIsNew(state));

/**
 * A rejection that was kept counts when the attempt is over, unless something was pushed since: then it is about what
 * is there no more. Of an attempt that came to nothing, the next one gets the findings.
 */
export function reviewInTime(state: TaskState, now: number): TaskState {
  const { early_review: kept } = state;
  if (!kept || isAtWork(state) || !isOpen(state)) return state;
  const cleared: TaskState = { ...state, early_review: null };
  if (openPull(state)?.head_sha !== kept.head_sha) return cleared;
  if (state.status !== 'review_pending') return { ...cleared, findings: kept.message.findings };
  return rejected(cleared, kept.message, now);
}

export function cancel(state: TaskState, message: CancelMessage, now: number): Step {
  if (!isOpen(state)) return { state, outcome: { code: 'closed', message: `the task is ${state.status}` } };
  const why = message.reason ? `: ${message.reason}` : '';
  const reason = { code: 'cancelled', message: `by ${message.by}${why}` };
  return {
    state: close(revoke(state, now, `cancelled by ${message.by}`), 'cancelled', reason, now),
    outcome: { code: 'ok', message: 'cancelled' },
  };
}

/** The review loop and its limit, and the other words of people: cancel. */
import type { CancelMessage, ReviewMessage } from '../task/message-types';
import type { TaskState } from '../task/types';
import { close, revoke } from './attempt';
import { isOpen } from './claim';
import type { Step } from './receipt';
import { free, note } from './state';

export function review(state: TaskState, message: ReviewMessage, now: number): Step {
  if (!isOpen(state)) return { state, outcome: { code: 'closed', message: `the task is ${state.status}` } };
  if (state.status !== 'review_pending') {
    return {
      state,
      outcome: { code: 'wrong_status', message: `nothing to review: the task is ${state.status}` },
    };
  }
  const outcome = { code: 'ok', message: message.verdict } as const;
  const noted = note(state, now, 'reviewed', `${message.verdict} by ${message.by}`);
  if (message.verdict === 'approved') return { state: close(noted, 'completed', null, now), outcome };
  const rejected: TaskState = {
    ...noted,
    review_count: state.review_count + 1,
    review_since: null,
    findings: message.findings,
  };
  const { max_retries } = state.input;
  if (rejected.review_count > max_retries) {
    const reason = {
      code: 'review_limit',
      message: `rejected ${rejected.review_count} times; the limit is ${max_retries}`,
    };
    return { state: close(rejected, 'failed', reason, now), outcome };
  }
  const { receipt } = state;
  const handed_in = receipt && { summary: receipt.summary, artifacts: receipt.artifacts };
  return { state: free({ ...rejected, receipt: null, handed_in }, now), outcome };
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

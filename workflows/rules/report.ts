/** What the forge is to see of a task, and when it has to hear of it again. */
import { shortHash } from '../names';
import type { ForgeReport } from '../report/types';
import type { TaskState } from '../task/types';
import { authorsOf } from './authors';
import { isTerminal } from './status';
import { holderOf } from './view';

/** The rest of a message that is longer may be the end of a log. */
const REASON_SHOWN = 500;

/** null: the task did not come from a forge. */
export function reportOf(state: TaskState): ForgeReport | null {
  const { input, receipt } = state;
  if (!input.origin) return null;
  return {
    seq: state.reported?.seq ?? 0,
    run_key: state.run_key,
    status: state.status,
    title: input.title,
    labels: input.labels,
    branch_name: input.branch_name,
    pr_title: input.pr_title,
    holder: holderOf(state),
    retry_count: state.retry_count,
    review_count: state.review_count,
    max_retries: input.max_retries,
    reason: state.reason,
    findings: state.findings,
    receipt: receipt && { summary: receipt.summary, artifacts: receipt.artifacts },
    pull: state.pull ?? null,
    authors: authorsOf(state),
    reviewer: reviewerOf(state),
  };
}

function reviewerOf({ input, status, receipt, attempts }: TaskState): ForgeReport['reviewer'] {
  const holder = attempts.findLast(({ outcome }) => outcome === 'completed')?.holder;
  if (!input.origin?.review_of || status !== 'completed' || !receipt || !holder) return null;
  // A program that says its last message says it in the summary; of any other there is its output.
  const said = receipt.summary.includes('"verdict"');
  const output = said ? receipt.summary : (receipt.output_tail ?? receipt.summary);
  return { holder, model: receipt.usage?.model ?? null, output };
}

/** Counts a report when it would say something new. A review task has nothing to say before its end. */
export function countReport(state: TaskState): TaskState {
  const { origin } = state.input;
  if (!origin || (origin.review_of && !isTerminal(state.status))) return state;
  const { seq, key, sent } = state.reported ?? { seq: 0, key: '', sent: 0 };
  const now = contentOf(state);
  return now === key ? state : { ...state, reported: { seq: seq + 1, key: now, sent } };
}

/** Large texts change only together with what stands for them here; the clock of the forge says nothing by itself. */
function contentOf(state: TaskState): string {
  const { pull, reason, input } = state;
  const { findings: _f, receipt: _r, reviewer: _v, seq: _s, ...rest } = reportOf(state) ?? {};
  const text = JSON.stringify({
    ...rest,
    pull: pull && { ...pull, updated_at: 0 },
    reason: reason && { ...reason, message: reason.message.slice(0, REASON_SHOWN) },
    accepted: state.accepted_epoch,
    repository: input.origin?.repository,
  });
  return shortHash(text);
}

export const isTold = ({ reported }: TaskState) => !reported || reported.sent >= reported.seq;

export const told = (state: TaskState, seq: number): TaskState =>
  state.reported ? { ...state, reported: { ...state.reported, sent: seq } } : state;

/** `known` is of an earlier time: another run of the task, or a lower number of the same. */
export const isNewer = (
  report: Pick<ForgeReport, 'run_key' | 'seq'>,
  known: Pick<ForgeReport, 'run_key' | 'seq'> | null,
) => !known || report.run_key !== known.run_key || report.seq > known.seq;

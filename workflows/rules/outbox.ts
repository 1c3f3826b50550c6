/** What the forge is still to be told. */
import type { ForgeReport, ReportInput, ReportState, TellForgeArgs } from '../report/types';
import { isNewer } from './report';
import { isTerminal } from './status';

/** The newest wins. What was refused of an older one may be taken now. */
export const wanted = (state: ReportState, report: ForgeReport): ReportState =>
  isNewer(report, state.wanted) ? { ...state, wanted: report, problem: null } : state;

export const isDue = ({ wanted: report, told, problem }: ReportState) =>
  report !== null && problem === null && isNewer(report, told);

/** The end of the task is told, or refused for good. */
export const isOver = (state: ReportState) =>
  state.wanted !== null && isTerminal(state.wanted.status) && !isDue(state);

/** Names the review that is to be asked for; null when none is, or was already. */
export function reviewKey({ origin }: ReportInput, { asked }: ReportState, report: ForgeReport) {
  const { status, pull, run_key, review_count } = report;
  if (origin.review_of || status !== 'review_pending' || pull?.state !== 'open' || pull.approved) return null;
  const key = `${run_key}:${review_count}:${pull.head_sha}`;
  return key === asked ? null : key;
}

export const tellingOf = (
  { task_id, product, origin }: ReportInput,
  { comment_id }: ReportState,
  report: ForgeReport,
): TellForgeArgs => ({ task_id, product, origin, report, comment_id });

/** The one comment of a task, and the commit status: what a forge is told. Pure. */
import type { ForgeReport } from '../../../workflows/report/types';
import type { TaskPull } from '../../../workflows/task/types';
import { block, code } from '../escape';
import type { StatusState } from '../forge';
import { taskMarker } from '../markers';
import { findingsText } from './findings-text';

export interface Told {
  task_id: string;
  report: ForgeReport;
  /** The one of the report, or the one that was opened just now. */
  pull: Omit<TaskPull, 'approved'> | null;
  /** Of the task; null when nobody told where people reach this server. */
  url: string | null;
}

export function reportText({ task_id, report, pull, url }: Told): string {
  const name = url === null ? code(task_id) : `[${code(task_id)}](${url})`;
  return [
    taskMarker(task_id),
    `**Signalbox** · ${name} · ${headline(report)}`,
    facts(report, pull),
    ...failure(report),
    ...found(report),
    ...summary(report),
  ].join('\n\n');
}

function headline(report: ForgeReport): string {
  switch (report.status) {
    case 'created':
      return report.retry_count + report.review_count > 0
        ? 'waiting for its next attempt'
        : 'waiting for an agent';
    case 'assigned':
      return `assigned to ${holder(report)}`;
    case 'running':
      return `${holder(report)} is working on it`;
    case 'review_pending':
      return report.pull?.approved ? 'approved, to be merged' : 'waiting for review';
    case 'completed':
      return 'completed';
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
  }
}

const holder = (report: ForgeReport) => (report.holder === null ? 'nobody' : code(report.holder));

function facts(report: ForgeReport, pull: Told['pull']): string {
  const { review_count, max_retries, branch_name } = report;
  return [
    ...(OVER.has(report.status) ? [] : [`attempt ${attemptOf(report)}`]),
    `${review_count} of ${max_retries + 1} reviews sent it back`,
    `branch ${code(branch_name)}`,
    ...(pull ? [`pull request #${pull.number}`] : []),
  ].join(' · ');
}

const attemptOf = ({ retry_count, review_count }: ForgeReport) => retry_count + review_count + 1;

const OVER = new Set<ForgeReport['status']>(['completed', 'failed', 'cancelled']);
const ENDED = new Set<ForgeReport['status']>(['failed', 'cancelled']);

function failure({ reason, status }: ForgeReport): string[] {
  if (reason === null || status === 'completed') return [];
  const what = ENDED.has(status) ? 'Why' : 'The last attempt failed';
  const help = status === 'failed' ? ['A comment `/signalbox retry` runs it again.'] : [];
  return [`${what}: ${code(reason.code)} – ${code(reason.message, 1_000)}`, ...help];
}

function found({ findings, status }: ForgeReport): string[] {
  if (findings.length === 0 || status === 'completed') return [];
  return [`What the last review found:\n${findingsText(findings)}`];
}

function summary({ receipt }: ForgeReport): string[] {
  if (receipt === null || receipt.summary.trim() === '') return [];
  return [`<details><summary>What was handed in</summary>\n\n${block(receipt.summary)}\n\n</details>`];
}

/** An approved change may be merged, so its status says success before the merge, which may depend on it. */
export function statusOf(report: ForgeReport): { state: StatusState; description: string } {
  const state =
    report.status === 'completed' || (report.status === 'review_pending' && report.pull?.approved)
      ? 'success'
      : ENDED.has(report.status)
        ? 'failure'
        : 'pending';
  return { state, description: describe(report) };
}

/** At most 140 characters, the limit of GitHub; of what is not ours it holds only a code. */
function describe(report: ForgeReport): string {
  const { status, reason } = report;
  const attempt = `attempt ${attemptOf(report)}`;
  if (status === 'review_pending')
    return report.pull?.approved ? 'approved' : `waiting for review, ${attempt}`;
  if (ENDED.has(status)) return `${status}${reason ? `: ${reason.code.slice(0, 60)}` : ''}`;
  return status === 'completed' ? 'completed' : `${status}, ${attempt}`;
}

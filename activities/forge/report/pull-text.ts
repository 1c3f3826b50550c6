/** Title and body of the pull request that is opened for a branch. Pure. */
import type { ForgeReport } from '../../../workflows/report/types';
import { block, code, title } from '../escape';

export function pullText(
  taskId: string,
  report: Pick<ForgeReport, 'title' | 'pr_title' | 'receipt'>,
  issue: number,
  url: string | null,
): { title: string; body: string } {
  const summary = report.receipt?.summary.trim() ?? '';
  return {
    title: title(report.pr_title ?? report.title) || `Issue ${issue}`,
    body: [
      ...(summary === '' ? [] : [block(summary)]),
      `Closes #${issue}`,
      `Made by Signalbox for the task ${url === null ? code(taskId) : `[${code(taskId)}](${url})`}.`,
    ].join('\n\n'),
  };
}

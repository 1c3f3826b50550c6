/** The task that judges a pull request. Pure. */
import { createHash } from 'node:crypto';
import { TASK_ID_MAX } from '../../../contracts/ids';
import { type CreateTask, createTaskSchema } from '../../../contracts/task';
import { taskTitle } from '../delivery/issue-task';

/** The most of a diff, and of the text of an issue, that a task is given, in characters. */
export const DIFF_MAX = 1_000_000;
const ISSUE_MAX = 200_000;
const FILES_MAX = 2_000;
const FILE_MAX = 1_024;

/** `<task>/review-<n>`, as long as an id may be. */
export function reviewTaskId(taskId: string, round: number): string {
  const end = `/review-${round + 1}`;
  if (taskId.length + end.length <= TASK_ID_MAX) return `${taskId}${end}`;
  return `review-of-${createHash('sha256').update(taskId).digest('hex').slice(0, 32)}${end}`;
}

export interface Reviewed {
  title: string;
  body: string;
  number: number;
  pull: { number: number; url: string; base: string; branch: string };
  repository: string | null;
  labels: string[];
  template: string | undefined;
  max_retries: number | undefined;
  diff: string;
}

export function reviewRequest(of: Reviewed): CreateTask {
  const cut = of.diff.length > DIFF_MAX;
  return createTaskSchema.parse({
    title: taskTitle(`Review: ${of.title}`, of.number),
    body: [
      `Judge the pull request ${of.pull.url} (branch ${of.pull.branch}, to be merged into ${of.pull.base}). Change nothing and push nothing.`,
      ...(cut ? ['The diff is cut off: read the rest with git.'] : []),
      'The issue that it is to solve:',
      `# ${of.title}`,
      of.body.slice(0, ISSUE_MAX),
    ].join('\n\n'),
    labels: of.labels,
    ...(of.repository !== null && { repository: of.repository }),
    branch_name: of.pull.branch,
    ...(of.template !== undefined && { template: of.template }),
    ...(of.max_retries !== undefined && { max_retries: of.max_retries }),
    diff: of.diff.slice(0, DIFF_MAX),
    affected_files: filesOf(of.diff),
  });
}

/** Names behind the change, as far as they are plain; others git quotes. */
function filesOf(diff: string): string[] {
  const names = [...diff.matchAll(/^(?:\+\+\+ b|--- a)\/([^\t\n]+)/gm)].map(([, name]) => name ?? '');
  return [...new Set(names)].filter((name) => name !== '' && name.length <= FILE_MAX).slice(0, FILES_MAX);
}

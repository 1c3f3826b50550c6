/** From an issue to the task it gets: its id, its branch, its labels. Pure. */
import { createHash } from 'node:crypto';
import type { SourceConfig } from '../../../contracts/forge';
import { labelSchema, taskIdSchema } from '../../../contracts/ids';
import { slug } from '../../../workflows/names';
import { defaultBranch } from '../../../workflows/rules/claim';

/** Leaves room for `/review-<n>` within TASK_ID_MAX. */
const ID_MAX = 120;
const LABELS_MAX = 50;
export const TITLE_MAX = 500;

/** `owner/name#42`; a repository whose name is no part of a task id goes by a hash. */
export function issueTaskId(repository: string, number: number): string {
  const id = `${repository}#${number}`;
  if (id.length <= ID_MAX && taskIdSchema.safeParse(id).success) return id;
  return `repo-${createHash('sha256').update(repository).digest('hex').slice(0, 16)}#${number}`;
}

/** The usual branch of a task, unless it was cut so short that two issues would share it. */
export function issueBranch(taskId: string, number: number): string {
  return slug(taskId).endsWith(`-${number}`) ? defaultBranch(taskId) : `task/${number}`;
}

export const isWanted = (labels: readonly string[], { issue_labels }: Pick<SourceConfig, 'issue_labels'>) =>
  labels.some((label) => issue_labels.includes(label));

export function taskLabels(
  labels: readonly string[],
  { labels: mapping, default_labels }: Pick<SourceConfig, 'labels' | 'default_labels'>,
): string[] {
  const mapped = labels.flatMap((label) => {
    if (Object.hasOwn(mapping, label)) return [mapping[label] as string];
    return label.startsWith('agent:') && labelSchema.safeParse(label).success ? [label] : [];
  });
  const all = mapped.some((label) => label.startsWith('agent:')) ? mapped : [...mapped, ...default_labels];
  return [...new Set(all)].slice(0, LABELS_MAX);
}

export const taskTitle = (title: string, number: number) =>
  title.trim().slice(0, TITLE_MAX) || `Issue ${number}`;

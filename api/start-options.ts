/** What the workflow of a task starts with, and what the index is to know from the first moment. */
import type { SearchAttributePair } from '@temporalio/common';
import type { EarlierRuns } from '../contracts/forge';
import type { HolderRef } from '../contracts/task';
import type { StartOptions } from '../dispatch/beginning';
import type { BoardEntry } from '../dispatch/board-entry';
import { branchKey, CONTROL_QUEUE, taskWorkflowId } from '../workflows/names';
import { initialMode } from '../workflows/rules/decide';
import {
  CLAIMABLE_SINCE,
  EXECUTION_MODE,
  PRODUCT,
  REPOSITORY,
  TASK_BRANCH,
  TASK_LABELS,
  TASK_PRIORITY,
  TASK_STATUS,
} from '../workflows/search-attributes';
import type { TaskArgs, TaskInput } from '../workflows/task/types';

export interface TaskMemo {
  /** Of the request that created the task: tells a repeat from another task of the same id. */
  body_hash: string;
  /** ISO 8601. The start of the run is later once it has continued as new. */
  created_at: string;
  /** For the board: which hosts can run it. */
  template: string | null;
  /** Of a task from a forge that was run again. */
  forge?: EarlierRuns;
  /** For the board: as `TaskInput.not_by`. */
  not_by?: HolderRef[];
}

/** A value of a keyword attribute has room for so many characters on SQL. */
const KEYWORD_MAX = 255;

/** What a run brings along; the rest of `TaskMemo` follows from its input. */
export type OwnMemo = Pick<TaskMemo, 'body_hash' | 'forge'>;
export type Reuse = 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE';

export function startOptions(input: TaskInput, memo: OwnMemo, workflowIdReusePolicy: Reuse): StartOptions {
  return {
    workflowId: taskWorkflowId(input.task_id),
    taskQueue: CONTROL_QUEUE,
    args: [{ input } satisfies TaskArgs],
    workflowIdReusePolicy,
    workflowIdConflictPolicy: 'FAIL',
    typedSearchAttributes: initialAttributes(input),
    memo: {
      ...memo,
      created_at: new Date(input.created_at).toISOString(),
      template: input.template,
      ...(input.not_by && { not_by: input.not_by }),
    } satisfies TaskMemo,
    staticSummary: `${input.task_id} (${input.execution_mode})`,
  };
}

/** Titles and bodies are prompts: they stay in the input. */
export function initialAttributes(input: TaskInput): SearchAttributePair[] {
  const attributes: SearchAttributePair[] = [
    { key: TASK_STATUS, value: 'created' },
    { key: EXECUTION_MODE, value: initialMode(input.execution_mode, input.no_capable_host) },
    { key: TASK_LABELS, value: input.labels },
    { key: PRODUCT, value: input.product },
    { key: TASK_PRIORITY, value: input.priority },
    { key: CLAIMABLE_SINCE, value: new Date(input.created_at) },
  ];
  if (input.repository) attributes.push({ key: REPOSITORY, value: indexable(input.repository) });
  const { origin } = input;
  // What a review task judges is on the branch of another task.
  if (origin && !origin.review_of) {
    const branch = taskBranch(origin.source, origin.repository, input.branch_name);
    attributes.push({ key: TASK_BRANCH, value: branch });
  }
  return attributes;
}

/** Without the user and the password that a URL may carry: the index is plain text. */
export const indexable = (repository: string) =>
  repository.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1').slice(0, KEYWORD_MAX);

/** As the index has it. */
export const taskBranch = (source: string, repository: string, branch: string) =>
  branchKey(source, repository, branch).slice(0, KEYWORD_MAX);

export const newEntry = (input: TaskInput): BoardEntry => ({
  taskId: input.task_id,
  labels: input.labels,
  priority: input.priority,
  mode: initialMode(input.execution_mode, input.no_capable_host),
  claimableSince: input.created_at,
  assignedTo: null,
  product: input.product,
  template: input.template,
  ...(input.not_by && { notBy: input.not_by }),
});

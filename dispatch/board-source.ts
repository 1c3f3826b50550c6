/** Where the board learns what is claimable: visibility, or a script in tests of timing. */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { ExecutionMode, HolderRef } from '../contracts/task';
import { taskIdOf } from '../workflows/names';
import {
  CLAIMABLE_SINCE,
  EXECUTION_MODE,
  HOLDER,
  PRODUCT,
  TASK_LABELS,
  TASK_PRIORITY,
} from '../workflows/search-attributes';
import type { BoardEntry } from './board-entry';
import { listWorkflows } from './list-workflows';
import { and, isSet, laterThan, RUNNING, typeIs } from './query';
import type { VisibilityBudget } from './visibility-budget';

export interface TaskSource {
  /** What became claimable after this time (milliseconds since 1970), or with null all that is claimable. */
  claimable(after: number | null): AsyncIterable<BoardEntry>;
}

const PRIORITY_DEFAULT = 5;

export function createVisibilitySource(client: Client, budget: VisibilityBudget): TaskSource {
  return {
    async *claimable(after) {
      const since = after === null ? isSet(CLAIMABLE_SINCE) : laterThan(CLAIMABLE_SINCE, after);
      const query = and(typeIs('task'), RUNNING, since);
      for await (const info of listWorkflows(client, budget, 'board', query)) {
        const entry = entryOf(info);
        if (entry) yield entry;
      }
    },
  };
}

/** null when the attributes changed between the index and the row. */
export function entryOf(
  info: Pick<WorkflowExecutionInfo, 'workflowId' | 'typedSearchAttributes' | 'memo'>,
): BoardEntry | null {
  const attributes = info.typedSearchAttributes;
  const since = attributes.get(CLAIMABLE_SINCE);
  if (!since) return null;
  return {
    taskId: taskIdOf(info.workflowId),
    labels: attributes.get(TASK_LABELS) ?? [],
    priority: attributes.get(TASK_PRIORITY) ?? PRIORITY_DEFAULT,
    mode: (attributes.get(EXECUTION_MODE) ?? 'undecided') as ExecutionMode,
    claimableSince: since.getTime(),
    // A task that may be claimed has a holder only when a coordinator chose one.
    assignedTo: (attributes.get(HOLDER) as HolderRef | undefined) ?? null,
    product: attributes.get(PRODUCT) ?? 'default',
    // Absent in tasks of earlier versions.
    template: info.memo?.template as string | null | undefined,
    ...(info.memo?.not_by ? { notBy: info.memo.not_by as HolderRef[] } : {}),
  };
}

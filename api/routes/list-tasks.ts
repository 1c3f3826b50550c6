import type { WorkflowExecutionInfo } from '@temporalio/client';
import { listTasksSchema, type TaskItem, taskPageSchema } from '../../contracts/api';
import type { ExecutionMode, HolderRef, TaskStatus } from '../../contracts/task';
import { taskIdOf } from '../../workflows/names';
import {
  EXECUTION_MODE,
  HOLDER,
  PRODUCT,
  REPOSITORY,
  TASK_LABELS,
  TASK_PRIORITY,
  TASK_STATUS,
} from '../../workflows/search-attributes';
import { EVERYONE, maySee, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { tasksQuery } from '../list-query';
import { PROBLEMS } from '../route-docs';
import type { TaskMemo } from '../start-options';
import { visibilityPage } from '../visibility-page';

export function listTasks(app: App, ctx: ApiContext) {
  app.get(
    '/tasks',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'List tasks',
        description:
          'Open tasks first, then the latest. Read from an index that trails by some milliseconds.',
        tags: ['tasks'],
        querystring: listTasksSchema,
        response: { 200: taskPageSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { product } = request.query;
      if (product && !maySee(principal, product)) return { tasks: [], next_page_token: null };
      const query = tasksQuery(request.query, principal.product);
      const { rows, next_page_token } = await visibilityPage(ctx, query, request.query);
      return { tasks: latestRuns(rows).map(toItem), next_page_token };
    },
  );
}

/** A task that was retried has a row for each run; the first is the latest. */
function latestRuns(rows: WorkflowExecutionInfo[]): WorkflowExecutionInfo[] {
  const seen = new Set<string>();
  return rows.filter(({ workflowId }) => !seen.has(workflowId) && seen.add(workflowId));
}

/** What a run that was ended from outside left in the index is not how it ended. */
const FORCED: Record<string, TaskStatus> = {
  TERMINATED: 'cancelled',
  CANCELLED: 'cancelled',
  TIMED_OUT: 'failed',
};

function toItem(row: WorkflowExecutionInfo): TaskItem {
  const attributes = row.typedSearchAttributes;
  return {
    id: taskIdOf(row.workflowId),
    status: FORCED[row.status.name] ?? ((attributes.get(TASK_STATUS) ?? 'created') as TaskStatus),
    execution_mode: (attributes.get(EXECUTION_MODE) ?? 'undecided') as ExecutionMode,
    labels: attributes.get(TASK_LABELS) ?? [],
    holder: (attributes.get(HOLDER) as HolderRef | undefined) ?? null,
    repository: attributes.get(REPOSITORY) ?? null,
    product: attributes.get(PRODUCT) ?? 'default',
    priority: attributes.get(TASK_PRIORITY) ?? 5,
    created_at: (row.memo as Partial<TaskMemo> | undefined)?.created_at ?? row.startTime.toISOString(),
    closed_at: row.closeTime?.toISOString() ?? null,
  };
}

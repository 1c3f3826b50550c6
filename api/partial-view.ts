/** The task without the help of a worker: from describe, and from the first event of its history. */
import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { ExecutionMode, Failure, HolderRef, TaskStatus, TaskView } from '../contracts/task';
import { holderId, isHost } from '../workflows/names';
import { initialState } from '../workflows/rules/state';
import { taskView } from '../workflows/rules/view';
import { EXECUTION_MODE, HOLDER, TASK_STATUS } from '../workflows/search-attributes';
import type { ApiContext } from './context';
import { pendingLease } from './lease-time';
import { taskNotFound } from './problems';
import { readArgs } from './task-history';

/** How a run ended that did not end by itself. */
const FORCED: Record<string, { status: TaskStatus; reason: Failure }> = {
  TERMINATED: {
    status: 'cancelled',
    reason: { code: 'terminated', message: 'the run was terminated in Temporal' },
  },
  CANCELLED: {
    status: 'cancelled',
    reason: { code: 'cancelled', message: 'the run was cancelled in Temporal' },
  },
  TIMED_OUT: {
    status: 'failed',
    reason: { code: 'timed_out', message: 'the run was timed out by Temporal' },
  },
  FAILED: { status: 'failed', reason: { code: 'failed', message: 'the run failed without a report' } },
};

/** Throws 404 when the history of the task is gone. */
export async function partialView(
  ctx: Pick<ApiContext, 'client'>,
  description: WorkflowExecutionDescription,
): Promise<TaskView> {
  const { workflowId, runId } = description;
  const args = await readArgs(ctx, { workflowId, runId });
  if (!args) throw taskNotFound(workflowId);
  return overlay(taskView(args.carried ?? initialState(args.input)), description);
}

/** What describe knows better than the state with which the run began. */
export function overlay(view: TaskView, description: WorkflowExecutionDescription): TaskView {
  const attributes = description.typedSearchAttributes;
  const holder = (attributes.get(HOLDER) as HolderRef | undefined) ?? null;
  const forced = FORCED[description.status.name];
  const lease = pendingLease(description);
  return {
    ...view,
    status: forced?.status ?? (attributes.get(TASK_STATUS) as TaskStatus | undefined) ?? view.status,
    execution_mode: (attributes.get(EXECUTION_MODE) as ExecutionMode | undefined) ?? view.execution_mode,
    reason: forced?.reason ?? view.reason,
    assigned_host: holder && isHost(holder) ? holderId(holder) : null,
    assigned_agent_id: holder && !isHost(holder) ? holderId(holder) : null,
    epoch: Math.max(view.epoch, lease?.epoch ?? 0),
    lease: null,
    closed_at: description.closeTime?.toISOString() ?? null,
  };
}

/**
 * A task as it is now. What needs no worker is read without one: a closed task from the result of its run,
 * and an open one whose workers are away from describe and from the first event of its history.
 */
import { type WorkflowExecutionDescription, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { TaskAnswer } from '../contracts/api';
import { taskQuery } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import { PRODUCT } from '../workflows/search-attributes';
import type { TaskReport } from '../workflows/task/types';
import type { ApiContext } from './context';
import { ANSWER_MS, ENGINE_MS, within } from './deadline';
import { pendingLease } from './lease-time';
import { partialView } from './partial-view';
import { taskNotFound } from './problems';
import { temporalProblem } from './temporal-errors';

export interface TaskReading {
  description: WorkflowExecutionDescription;
  running: boolean;
  product: string;
  /** null when no worker answered, or when the run was ended from outside. */
  report: TaskReport | null;
}

/** Throws 404 when there is no such task. */
export async function describeTask({ client }: Pick<ApiContext, 'client'>, id: string) {
  try {
    const handle = client.workflow.getHandle(taskWorkflowId(id));
    return await within(client, ENGINE_MS, () => handle.describe());
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? taskNotFound(id) : error;
  }
}

export const productOf = (description: WorkflowExecutionDescription) =>
  description.typedSearchAttributes.get(PRODUCT) ?? 'default';

export const isRunning = (description: WorkflowExecutionDescription) =>
  description.status.name === 'RUNNING' || description.status.name === 'PAUSED';

export async function readTask(
  ctx: Pick<ApiContext, 'client' | 'queries'>,
  id: string,
): Promise<TaskReading> {
  const description = await describeTask(ctx, id);
  const running = isRunning(description);
  const report = running ? await askTask(ctx, id) : await resultOf(ctx, id, description.runId);
  return { description, running, product: productOf(description), report };
}

/** null when no worker answers in time. */
export async function askTask(
  { queries }: Pick<ApiContext, 'queries'>,
  id: string,
): Promise<TaskReport | null> {
  try {
    const handle = queries.workflow.getHandle(taskWorkflowId(id));
    return await within(queries, ANSWER_MS, () => handle.query(taskQuery));
  } catch (error) {
    if (temporalProblem(error)) return null;
    throw error;
  }
}

/** The report with which the run closed; null when it was terminated or timed out. */
async function resultOf(
  { client }: Pick<ApiContext, 'client'>,
  id: string,
  runId: string,
): Promise<TaskReport | null> {
  try {
    const handle = client.workflow.getHandle(taskWorkflowId(id), runId, { followRuns: false });
    return (await within(client, ENGINE_MS, () => handle.result())) as TaskReport;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const failed = cause instanceof ApplicationFailure && cause.type === 'TaskFailed';
    return failed ? ((cause.details?.[0] as TaskReport | undefined) ?? null) : null;
  }
}

/** What a client is shown. */
export async function answerOf(ctx: Pick<ApiContext, 'client'>, reading: TaskReading): Promise<TaskAnswer> {
  const { description, report } = reading;
  if (!report) return { ...(await partialView(ctx, description)), partial: true };
  const { view } = report;
  const pending = pendingLease(description);
  if (!view.lease || view.lease.lapsed || pending?.epoch !== view.lease.epoch || pending.expiresAt === null) {
    return view;
  }
  return { ...view, lease: { ...view.lease, expires_at: new Date(pending.expiresAt).toISOString() } };
}

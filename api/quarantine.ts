/** A receipt that comes after its task is closed is kept: the API itself starts the workflow that keeps it. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { QuarantineAnswer } from '../contracts/api';
import { CONTROL_QUEUE, quarantineWorkflowId } from '../workflows/names';
import type { QuarantineView } from '../workflows/quarantine/types';
import { PRODUCT } from '../workflows/search-attributes';
import type { CompleteMessage } from '../workflows/task/message-types';
import type { Outcome, QuarantineItem } from '../workflows/task/types';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { ApiProblem } from './problems';
import { readTask, type TaskReading } from './read-task';

export async function quarantineClosed(
  { client }: Pick<ApiContext, 'client'>,
  taskId: string,
  message: CompleteMessage,
  reading: TaskReading,
): Promise<Outcome> {
  const item: QuarantineItem = {
    id: quarantineWorkflowId(taskId, message.epoch, message.message_id),
    task_id: taskId,
    product: reading.product,
    epoch: message.epoch,
    current_epoch: reading.report?.view.epoch ?? message.epoch,
    completion_id: message.message_id,
    holder: message.holder,
    reason: 'closed',
    receipt: message.receipt,
    received_at: Date.now(),
  };
  const view: QuarantineView = { ...item, decision: 'open', decided_by: null, decided_at: null };
  try {
    await within(client, ENGINE_MS, () =>
      client.workflow.start('quarantine', {
        workflowId: item.id,
        taskQueue: CONTROL_QUEUE,
        args: [item],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        // Shown before any worker has seen it.
        memo: { quarantine: view },
        typedSearchAttributes: [{ key: PRODUCT, value: item.product }],
        staticSummary: `late receipt for epoch ${item.epoch}: ${item.reason}`,
      }),
    );
  } catch (error) {
    // The same receipt again: it is kept already.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return {
    code: 'closed',
    message: 'the task is closed; the receipt is quarantined',
    quarantine_id: item.id,
  };
}

/** Whether the task took an accepted receipt for its own; null when nothing answers for the task. */
export async function wasAdopted(
  ctx: Pick<ApiContext, 'client' | 'queries'>,
  { id, task_id }: QuarantineView,
): Promise<boolean | null> {
  // The task may be gone altogether, after its retention.
  const reading = await readTask(ctx, task_id).catch((error: unknown) => {
    if (error instanceof ApiProblem && error.statusCode === 404) return null;
    throw error;
  });
  if (!reading) return false;
  if (!reading.report) return reading.running ? null : false;
  return reading.report.outcomes.some((said) => said.id === id && said.outcome.code === 'accepted');
}

export const quarantineAnswer = (view: QuarantineView): QuarantineAnswer => ({
  ...view,
  received_at: new Date(view.received_at).toISOString(),
  decided_at: view.decided_at === null ? null : new Date(view.decided_at).toISOString(),
});

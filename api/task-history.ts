/** What the first event of a run says: the input of the task, read without a worker. */
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow';
import type { TaskArgs } from '../workflows/task/types';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';

/** null when the event is gone, or is not that of a task. */
export async function readArgs(
  { client }: Pick<ApiContext, 'client'>,
  execution: { workflowId: string; runId: string },
): Promise<TaskArgs | null> {
  const { namespace, loadedDataConverter } = client.workflow.options;
  const { history } = await within(client, ENGINE_MS, () =>
    client.workflowService.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
  );
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  if (started?.workflowType?.name !== 'task' || !started.input?.payloads) return null;
  const context = { type: 'workflow' as const, namespace, workflowId: execution.workflowId };
  return decodeFromPayloadsAtIndex<TaskArgs>(loadedDataConverter, 0, started.input.payloads, context);
}

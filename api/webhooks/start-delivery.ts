import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { BlobStore } from '../../contracts/blobs';
import type { Delivery, ForgeEvent } from '../../contracts/forge';
import { CONTROL_QUEUE, deliveryWorkflowId } from '../../workflows/names';
import type { ApiContext } from '../context';
import { within } from '../deadline';
import { keepText } from '../keep-text';

/** Forgejo and Gitea wait 5 s for an answer; one that comes too late looks like none. */
const START_MS = 3_500;

/** Durable when it resolves, whether a worker is up or not. The engine refuses a second one of the same id. */
export async function startDelivery(
  { client, blobs }: Pick<ApiContext, 'client' | 'blobs'>,
  delivery: Delivery,
): Promise<'queued' | 'known'> {
  const { source, delivery_id } = delivery;
  const event = await withKeptText(blobs, delivery.event);
  try {
    await within(client, START_MS, () =>
      client.workflow.start('delivery', {
        workflowId: deliveryWorkflowId(source, delivery_id),
        taskQueue: CONTROL_QUEUE,
        args: [{ ...delivery, event } satisfies Delivery],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `${event.kind} of ${event.repository.full_name}`,
      }),
    );
    return 'queued';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'known';
    throw error;
  }
}

/** Large texts are blobs from here on. */
async function withKeptText(blobs: BlobStore, event: ForgeEvent): Promise<ForgeEvent> {
  if (event.kind === 'review' && 'inline' in event.body) {
    return { ...event, body: await keepText(blobs, event.body.inline) };
  }
  if (event.kind === 'issue' && 'inline' in event.issue.body) {
    return { ...event, issue: { ...event.issue, body: await keepText(blobs, event.issue.body.inline) } };
  }
  return event;
}

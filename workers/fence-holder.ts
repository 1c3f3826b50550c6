/** The sweep of a kill: what a holder holds is found in the index, and each task is told. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { type PendingLease, pendingLease } from '../api/lease-time';
import { listWorkflows } from '../dispatch/list-workflows';
import { and, equals, RUNNING, typeIs } from '../dispatch/query';
import type { Fenced } from '../workflows/holder/types';
import { revokeSignal } from '../workflows/messages';
import { taskIdOf } from '../workflows/names';
import { HOLDER } from '../workflows/search-attributes';
import type { ControlActivities, FenceArgs, LeaseHeartbeat } from '../workflows/task/activity-types';

/** For one task: a look and a signal. */
const TASK_MS = 5_000;
const AT_ONCE = 16;

export function createFenceHolder(client: Client): Pick<ControlActivities, 'fenceHolder'> {
  return {
    async fenceHolder(args) {
      const query = and(typeIs('task'), RUNNING, equals(HOLDER, args.holder));
      const ids: string[] = [];
      for await (const { workflowId } of listWorkflows(client, null, 'directory', query))
        ids.push(workflowId);
      const fenced: Fenced[] = [];
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE).map((id) => fenceTask(client, id, args));
        for (const found of await Promise.all(some)) if (found) fenced.push(found);
      }
      return fenced;
    },
  };
}

/** null: the index was behind, the holder has it no more. */
async function fenceTask(
  client: Client,
  workflowId: string,
  { holder, order: { id, by, reason }, sweep }: FenceArgs,
): Promise<Fenced | null> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + TASK_MS, async () => {
      const description = await handle.describe();
      // What the index shows may be over; this is as it is now.
      if (description.typedSearchAttributes.get(HOLDER) !== holder) return null;
      const lease = pendingLease(description);
      const epoch = lease?.epoch ?? null;
      const checkpoint = checkpointOf(lease);
      const message_id = `${id}-${sweep}`;
      await handle.signal(revokeSignal, { message_id, holder, epoch, by, reason, checkpoint });
      return { task_id: taskIdOf(workflowId), epoch };
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function checkpointOf(lease: PendingLease | null): LeaseHeartbeat['checkpoint'] {
  if (!lease?.details) return null;
  const said: LeaseHeartbeat | null = defaultPayloadConverter.fromPayload(lease.details);
  return said?.checkpoint ?? null;
}

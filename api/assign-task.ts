import { WorkflowNotFoundError } from '@temporalio/client';
import type { HolderRef } from '../contracts/task';
import type { KnownHolder } from '../dispatch/directory';
import { assignUpdate } from '../workflows/messages';
import { agentRef, hostRef, taskWorkflowId } from '../workflows/names';
import type { AssignRequest } from '../workflows/task/message-types';
import { directiveTo } from './admission';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { ApiProblem } from './problems';
import { describeTask } from './read-task';

type Engine = Pick<ApiContext, 'client' | 'directory'>;

/**
 * A repeat with the same message id is answered as the first was.
 * @param name of an agent or a host
 * @throws ApiProblem 404 when either is unknown, 409 when the agent takes nothing new, 400 unless the task is `created`
 */
export async function assignTask(
  ctx: Engine,
  id: string,
  name: string,
  who: Pick<AssignRequest, 'message_id' | 'reason' | 'by'>,
): Promise<HolderRef> {
  const known = await findHolder(ctx, name);
  if (!known) {
    // Which of the two is missing decides what the caller is told.
    await describeTask(ctx, id);
    throw new ApiProblem(404, 'unknown_holder', `no agent and no host is called ${name}`);
  }
  const { kind } = known.profile;
  const holder: HolderRef = `${kind}:${known.profile.id}`;
  // A host that is cordoned may be meant to do this task first of all, once it is back.
  if (kind === 'agent') assertAdmits(known);
  await sendAssign(ctx, id, { ...who, holder, not_after: Date.now() + ENGINE_MS });
  return holder;
}

async function findHolder({ client, directory }: Engine, name: string): Promise<KnownHolder | null> {
  for (const ref of [agentRef(name), hostRef(name)]) {
    const known = await within(client, ENGINE_MS, () => directory.get(ref));
    if (known) return known;
  }
  return null;
}

/** Throws 409. */
function assertAdmits(holder: KnownHolder) {
  if (directiveTo(holder) === 'continue') return;
  const how = holder.killed ? 'killed' : holder.cordon?.draining ? 'draining' : 'cordoned';
  throw new ApiProblem(409, 'not_admitting', `${holder.profile.id} is ${how}: it takes nothing new`);
}

/** Throws 404, and 400 when the task is not in the status `created`; a closed one is not. */
async function sendAssign(ctx: Engine, id: string, request: AssignRequest) {
  const handle = ctx.client.workflow.getHandle(taskWorkflowId(id));
  try {
    await within(ctx.client, ENGINE_MS, () =>
      handle.executeUpdate(assignUpdate, { args: [request], updateId: request.message_id }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    await describeTask(ctx, id);
    throw new ApiProblem(
      400,
      'not_created',
      'the task is closed: it can be assigned in the status created only',
    );
  }
}

import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { assignSchema, taskAnswerSchema } from '../../contracts/api';
import type { HolderRef } from '../../contracts/task';
import type { KnownHolder } from '../../dispatch/directory';
import { assignUpdate } from '../../workflows/messages';
import { agentRef, hostRef, taskWorkflowId } from '../../workflows/names';
import { modeOf } from '../../workflows/rules/decide';
import { directiveTo } from '../admission';
import { principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { ApiProblem } from '../problems';
import { answerOf, describeTask, readTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct } from '../send-message';

export function assign(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/assign',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Choose who does a task',
        description:
          'Agent or host, overriding the execution mode. 400 `not_created` in any status but `created`.',
        tags: ['tasks'],
        params: taskParams,
        body: assignSchema,
        response: { 200: taskAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params;
      const principal = principalOf(request);
      await guardProduct(ctx, principal, id);
      const known = await findHolder(ctx, request.body.agent_id);
      if (!known) {
        // Which of the two is missing decides what the caller is told.
        await describeTask(ctx, id);
        throw new ApiProblem(
          404,
          'unknown_holder',
          `no agent and no host is called ${request.body.agent_id}`,
        );
      }
      const { kind, id: name } = known.profile;
      const holder: HolderRef = `${kind}:${name}`;
      // A host that is cordoned may be meant to do this task first of all, once it is back.
      if (kind === 'agent') assertAdmits(known);
      await sendAssign(ctx, id, holder, { reason: request.body.reason ?? null, by: principal.sub });
      const answer = await answerOf(ctx, await readTask(ctx, id));
      if (answer.status === 'assigned' && answer.lease === null) {
        ctx.board.put({
          taskId: id,
          labels: answer.labels,
          priority: answer.priority,
          mode: modeOf(holder),
          claimableSince: Date.parse(answer.last_activity_at),
          assignedTo: holder,
          product: answer.product,
          template: answer.template,
        });
      }
      return answer;
    },
  );
}

async function findHolder({ client, directory }: ApiContext, name: string): Promise<KnownHolder | null> {
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
async function sendAssign(
  ctx: ApiContext,
  id: string,
  holder: HolderRef,
  who: { reason: string | null; by: string },
) {
  const handle = ctx.client.workflow.getHandle(taskWorkflowId(id));
  const message_id = randomUUID();
  const request = { message_id, holder, ...who, not_after: Date.now() + ENGINE_MS };
  try {
    await within(ctx.client, ENGINE_MS, () =>
      handle.executeUpdate(assignUpdate, { args: [request], updateId: message_id }),
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

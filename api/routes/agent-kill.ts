import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { admissionOrderSchema, killPendingSchema } from '../../contracts/api';
import { agentViewSchema } from '../../contracts/holder';
import type { KnownHolder } from '../../dispatch/directory';
import { killSignal } from '../../workflows/messages';
import { agentRef, holderWorkflowId } from '../../workflows/names';
import { holderParams } from '../admission-routes';
import { agentAnswer, findAgent } from '../agents-answer';
import { principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { knownAgent } from '../holder-profile';
import { PROBLEMS } from '../route-docs';

/** The first look of the kill at the index, and the one behind it that sees what the first came too early for. */
const SWEEPS = 2;
const LOOK_EVERY_MS = 100;

export function agentKill(app: App, ctx: ApiContext) {
  app.post(
    '/agents/:id/kill',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Take all its tasks from an agent, and let it in no more',
        description:
          'Durable. Fences every attempt that it holds, uncharged; `kill.fenced` says which. Its tokens are refused, ' +
          'and it takes nothing until it is uncordoned and has a new token. 202: no worker has answered yet.',
        tags: ['holders'],
        params: holderParams,
        body: admissionOrderSchema,
        response: { 200: agentViewSchema, 202: killPendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const principal = principalOf(request);
      await findAgent(ctx, principal, id);
      const order = { id: randomUUID(), by: principal.sub, reason: request.body?.reason ?? null };
      const handle = ctx.client.workflow.getHandle(holderWorkflowId(agentRef(id)));
      await within(ctx.client, ENGINE_MS, () => handle.signal(killSignal, order));
      ctx.directory.forget(agentRef(id));
      const killed = await swept(ctx, id, order.id);
      ctx.directory.forget(agentRef(id));
      if (!killed) return reply.code(202).send({ id, pending: true });
      return reply.code(200).send(await agentAnswer(ctx, principal, killed));
    },
  );
}

/** null: not within the time that a caller waits. */
async function swept(ctx: ApiContext, id: string, orderId: string): Promise<KnownHolder | null> {
  const deadline = Date.now() + ENGINE_MS;
  while (Date.now() < deadline && !ctx.closing.aborted) {
    const known = await knownAgent(ctx, id);
    if (known?.killed?.id === orderId && known.killed.sweeps >= SWEEPS) return known;
    await pause(LOOK_EVERY_MS);
  }
  return null;
}

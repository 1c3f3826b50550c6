import { z } from 'zod';
import { noBodySchema } from '../../contracts/api';
import { agentViewSchema } from '../../contracts/holder';
import { forgetSignal } from '../../workflows/messages';
import { agentRef, holderWorkflowId } from '../../workflows/names';
import { holderParams } from '../admission-routes';
import { agentAnswer, findAgent } from '../agents-answer';
import { EVERYONE, principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { assertSettled } from '../kill-settled';
import { ApiProblem } from '../problems';
import { PROBLEMS } from '../route-docs';

export function agent(app: App, ctx: ApiContext) {
  app.get(
    '/agents/:id',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'Show an agent and what it holds',
        tags: ['holders'],
        params: holderParams,
        response: { 200: agentViewSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      return agentAnswer(ctx, principal, await findAgent(ctx, principal, request.params.id));
    },
  );

  app.delete(
    '/agents/:id',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Forget an agent',
        description:
          '409 `holds_tasks` while it holds any: drain or kill it first. Its tokens stay as they are, so it may ' +
          'register again; those that a kill refused stay refused.',
        tags: ['holders'],
        params: holderParams,
        body: noBodySchema,
        response: { 204: z.undefined().describe('Forgotten'), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const known = await findAgent(ctx, principalOf(request), id);
      assertSettled(known);
      const held = await within(ctx.client, ENGINE_MS, () => ctx.directory.holdsNow(agentRef(id)));
      if (held.length > 0) {
        throw new ApiProblem(409, 'holds_tasks', `${id} holds ${held.length} tasks: drain or kill it first`);
      }
      const handle = ctx.client.workflow.getHandle(holderWorkflowId(agentRef(id)));
      await within(ctx.client, ENGINE_MS, () => handle.signal(forgetSignal));
      ctx.directory.forget(agentRef(id));
      return reply.code(204).send(undefined);
    },
  );
}

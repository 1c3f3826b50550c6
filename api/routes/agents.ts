import { holdersSchema } from '../../contracts/api';
import { holderViewSchema, registerAgentSchema } from '../../contracts/holder';
import { agentRef } from '../../workflows/names';
import { register } from '../../workflows/rules/presence';
import { type Access, actingAgent, EVERYONE, maySee, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { holderView, knownAgent, registerAgent } from '../holder-profile';
import { holdersAnswer } from '../holders-answer';
import { ApiProblem } from '../problems';
import { PROBLEMS } from '../route-docs';

const REGISTRARS: Access = ['agent', 'coordinator', 'admin'];

export function agents(app: App, ctx: ApiContext) {
  app.post(
    '/agents',
    {
      config: { access: REGISTRARS },
      schema: {
        summary: 'Register an agent, or bring its registration up to date',
        tags: ['holders'],
        body: registerAgentSchema,
        response: { 200: holderViewSchema, 201: holderViewSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { agent_id, capabilities, slots, version } = request.body;
      if (principal.role === 'agent') actingAgent(principal, agent_id);
      const known = await knownAgent(ctx, agent_id);
      if (principal.role !== 'agent' && known && !maySee(principal, known.profile.product ?? '')) {
        throw new ApiProblem(409, 'id_taken', `${agent_id} is the name of an agent of another product`);
      }
      const product = principal.product ?? known?.profile.product ?? null;
      const profile = await registerAgent(ctx, {
        id: agent_id,
        capabilities,
        slots,
        version: version ?? null,
        product,
      });
      const now = Date.now();
      const state = { ...register(known, profile, now), last_seen_at: now, beat: null };
      const holds = known
        ? await within(ctx.client, ENGINE_MS, () => ctx.directory.holds(agentRef(agent_id)))
        : [];
      return reply.code(known ? 200 : 201).send(holderView(state, holds));
    },
  );

  app.get(
    '/agents',
    {
      config: { access: EVERYONE },
      schema: { summary: 'List agents', tags: ['holders'], response: { 200: holdersSchema, ...PROBLEMS } },
    },
    async (request) => holdersAnswer(ctx, principalOf(request), ctx.directory.agents),
  );
}

import { agentsSchema } from '../../contracts/api';
import { agentViewSchema, registerAgentSchema } from '../../contracts/holder';
import { register } from '../../workflows/rules/presence';
import { agentView } from '../agent-view';
import { agentAnswer, agentsAnswer } from '../agents-answer';
import { type Access, actingAgent, EVERYONE, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { knownAgent, registerAgent } from '../holder-profile';
import { assertOwnAgent } from '../own-agent';
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
        response: { 200: agentViewSchema, 201: agentViewSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { agent_id, capabilities, slots, version, health, load } = request.body;
      if (principal.role === 'agent') actingAgent(principal, agent_id);
      const known = await knownAgent(ctx, agent_id);
      assertOwnAgent(principal, known);
      const product = principal.product ?? known?.profile.product ?? null;
      const now = Date.now();
      const said =
        health === undefined && load === undefined
          ? undefined
          : {
              at: now,
              health: health ?? known?.said?.health ?? null,
              load: load ?? known?.said?.load ?? null,
            };
      const profile = await registerAgent(
        ctx,
        { id: agent_id, capabilities, slots, version: version ?? null, product },
        { known, said },
      );
      const state = { ...register(known, profile, now, said), last_seen_at: now, beat: null };
      const view = known ? await agentAnswer(ctx, principal, state) : agentView(state, [], 0, now);
      return reply.code(known ? 200 : 201).send(view);
    },
  );

  app.get(
    '/agents',
    {
      config: { access: EVERYONE },
      schema: { summary: 'List agents', tags: ['holders'], response: { 200: agentsSchema, ...PROBLEMS } },
    },
    async (request) => agentsAnswer(ctx, principalOf(request)),
  );
}

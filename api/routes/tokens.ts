import { issuedTokenSchema, issueTokenSchema } from '../../contracts/api';
import { type Access, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { knownAgent } from '../holder-profile';
import { assertOwnAgent } from '../own-agent';
import { ApiProblem } from '../problems';
import { PROBLEMS } from '../route-docs';

const ACCESS: Access = ['admin'];
/** Of an agent that is not registered yet; the same with which it will be. */
const FIRST_GENERATION = 0;

export function tokens(app: App, ctx: ApiContext) {
  app.post(
    '/tokens',
    {
      config: { access: ACCESS },
      schema: {
        summary: 'Issue a bearer token',
        description: 'Signed, not stored. An agent token speaks for `agent_id` alone.',
        tags: ['tokens'],
        body: issueTokenSchema,
        response: { 201: issuedTokenSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { agent_id, role } = request.body;
      const own = principalOf(request).product;
      const product = request.body.product ?? own;
      if (own !== null && product !== own) {
        throw new ApiProblem(403, 'wrong_product', `this token is for the product ${own}`);
      }
      if (role === 'agent') {
        const agent = await knownAgent(ctx, agent_id);
        if (agent?.profile.product) assertOwnAgent({ role: 'admin', product: product ?? null }, agent);
      }
      const known = await within(ctx.client, ENGINE_MS, () => ctx.directory.generation(agent_id));
      const generation = known ?? FIRST_GENERATION;
      const token = await ctx.tokens.issue({ sub: agent_id, role, product, generation });
      return reply.code(201).send({ token, agent_id, role, product, generation });
    },
  );
}

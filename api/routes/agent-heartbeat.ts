import { agentHeartbeatAnswerSchema, agentHeartbeatSchema } from '../../contracts/holder';
import { heartbeatPresence } from '../../dispatch/holders';
import { agentRef } from '../../workflows/names';
import { directiveTo } from '../admission';
import { holderParams } from '../admission-routes';
import { findAgent } from '../agents-answer';
import { actingAgent, principalOf, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { registerAgent } from '../holder-profile';
import { PROBLEMS } from '../route-docs';

export function agentHeartbeat(app: App, ctx: ApiContext) {
  app.post(
    '/agents/:id/heartbeat',
    {
      config: { access: WORKERS },
      schema: {
        summary: 'Say that an agent is there, and how it is',
        description:
          'Presence only: it renews no lease. A call to /tasks/dequeue says as much. 404 `unknown_holder`: register.',
        tags: ['holders'],
        params: holderParams,
        body: agentHeartbeatSchema,
        response: { 200: agentHeartbeatAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const id = actingAgent(principal, request.params.id);
      const { capabilities, ...word } = request.body ?? {};
      const known = await findAgent(ctx, principal, id);
      const { profile } = known;
      if (capabilities && JSON.stringify(capabilities) !== JSON.stringify(profile.capabilities)) {
        await registerAgent(ctx, { ...profile, capabilities });
      }
      const said = Object.keys(word).length > 0 ? word : undefined;
      await within(ctx.client, ENGINE_MS, () =>
        heartbeatPresence(ctx.client, agentRef(id), { known, word: said }),
      );
      ctx.directory.forget(agentRef(id));
      return { directive: directiveTo(known), presence_s: profile.presence_ms / 1_000 };
    },
  );
}

import { factoryBeatAnswerSchema, factoryBeatSchema, fleetHeadersSchema } from '../../contracts/fleet';
import { agentRef } from '../../workflows/names';
import { actingAgent, principalOf, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { ANSWER_MS, orAfter } from '../deadline';
import { PROBLEMS } from '../route-docs';
import { callerOf } from './caller';
import { keepFactory } from './keep-factory';
import { conditionOf } from './mapping';
import { TAGS } from './route-docs';

export function factoryHeartbeat(app: App, ctx: ApiContext) {
  app.post(
    '/factories/heartbeat',
    {
      config: { access: WORKERS },
      schema: {
        summary: 'Say that a factory is there; registers it',
        description: 'Costs no history unless something changed. The factory is an agent like any other.',
        tags: TAGS,
        headers: fleetHeadersSchema,
        body: factoryBeatSchema,
        response: { 200: factoryBeatAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { capabilities } = request.body;
      const id = actingAgent(caller, request.body.factoryId);
      const factory = { id, capabilities, ...conditionOf(request.body) };
      await keepFactory(ctx, caller, factory, principalOf(request).product);
      const want = { holder: agentRef(id), capabilities, product: caller.product };
      // Without a deadline of the client: what the board begins here goes on for others. No news: nothing.
      return { claimable: await orAfter(ANSWER_MS, ctx.board.count(want), 0) };
    },
  );
}

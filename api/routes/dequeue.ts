import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { dequeuedSchema, dequeueSchema } from '../../contracts/lease';
import { agentRef } from '../../workflows/names';
import { actingAgent, principalOf, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { DIRECTIVE_HEADER, directiveOf } from '../directive';
import { gone } from '../gone';
import { PROBLEMS } from '../route-docs';
import { takeWork } from '../take-work';

/** For an agent that is to take nothing and did not ask to wait. */
const QUIET_RETRY_S = 5;

export function dequeue(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/dequeue',
    {
      config: { access: WORKERS, directive: 'agent' },
      schema: {
        summary: 'Take the next task',
        description:
          'Waits up to `wait_ms`. When the answer is lost, send the same `request_id` with `retry: true`: the same ' +
          'claims again. An agent that is not known yet is registered. One that is ' +
          'cordoned, draining or killed gets 204 with `signalbox-directive: quiet`, after the wait that it asked for.',
        tags: ['leases'],
        body: dequeueSchema,
        response: { 200: dequeuedSchema, 204: z.undefined().describe('Nothing to do now'), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { body } = request;
      const wanted = {
        agentId: actingAgent(principal, body.agent_id),
        bearer: principal,
        own: principal.product,
        capabilities: body.capabilities,
        requestId: body.request_id ?? randomUUID(),
        retry: body.retry && body.request_id !== undefined,
        leaseS: body.lease_s,
        waitMs: body.wait_ms,
        maxTasks: body.max_tasks,
      };
      const [first, ...more] = await takeWork(ctx, wanted, gone(reply.raw, ctx.closing));
      if (first) return reply.code(200).send({ ...first, more });
      if ((await directiveOf(ctx, agentRef(wanted.agentId))) !== 'continue') {
        reply.headers({ [DIRECTIVE_HEADER]: 'quiet', 'retry-after': String(QUIET_RETRY_S) });
      }
      return reply.code(204).send(undefined);
    },
  );
}

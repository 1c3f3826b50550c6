import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { dequeuedSchema, dequeueSchema } from '../../contracts/api';
import { takeTask } from '../../dispatch/take';
import { agentRef } from '../../workflows/names';
import { actingAgent, principalOf, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { handOver } from '../hand-over';
import { capabilitiesOf } from '../presence';
import { unavailable } from '../problems';
import { PROBLEMS } from '../route-docs';

export function dequeue(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/dequeue',
    {
      config: { access: WORKERS },
      schema: {
        summary: 'Take the next task',
        description:
          'Waits up to `wait_ms`. When the answer is lost, send the same `request_id` with `retry: true`: the same ' +
          'claim again. An agent that is not known yet is registered.',
        tags: ['leases'],
        body: dequeueSchema,
        response: { 200: dequeuedSchema, 204: z.undefined().describe('Nothing to do now'), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { body } = request;
      const agentId = actingAgent(principal, body.agent_id);
      const holder = agentRef(agentId);
      const requestId = body.request_id ?? randomUUID();
      const capabilities = await capabilitiesOf(ctx, agentId, body.capabilities, principal.product);

      if (body.retry && body.request_id) {
        const found = await within(ctx.client, ENGINE_MS, () => ctx.claims.findClaim(holder, requestId));
        if (found) return reply.code(200).send(await handOver(ctx, { ...found, holder }));
      }
      const want = {
        holder,
        capabilities,
        product: principal.product,
        requestId,
        leaseMs: body.lease_s === undefined ? null : Math.round(body.lease_s * 1_000),
      };
      const taken = await takeTask(ctx, want, body.wait_ms, gone(reply.raw, ctx.closing));
      switch (taken.kind) {
        case 'granted':
          return reply
            .code(200)
            .send(await handOver(ctx, { taskId: taken.taskId, grant: taken.grant, holder }));
        case 'none':
          return reply.code(204).send(undefined);
        case 'unavailable':
          throw unavailable('no_worker', 'a claim got no answer and is given up; ask again');
      }
    },
  );
}

type Response = NodeJS.EventEmitter & { writableEnded: boolean; destroyed: boolean };

/** Aborts when the caller hangs up before it has its answer, or the server stops. */
export function gone(response: Response, closing: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  closing.addEventListener('abort', abort, { once: true });
  response.once('close', () => {
    closing.removeEventListener('abort', abort);
    if (!response.writableEnded) abort();
  });
  if (closing.aborted || response.destroyed) abort();
  return controller.signal;
}

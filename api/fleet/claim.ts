import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ClaimedJob, claimedJobSchema, claimJobSchema, fleetHeadersSchema } from '../../contracts/fleet';
import { takeTask } from '../../dispatch/take';
import { agentRef } from '../../workflows/names';
import { actingAgent, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { type GrantTo, handOver } from '../hand-over';
import { unavailable } from '../problems';
import { PROBLEMS } from '../route-docs';
import { gone } from '../routes/dequeue';
import { callerOf } from './caller';
import { keepFactory } from './keep-factory';
import { bodyMdOf, wipOf } from './mapping';
import { TAGS } from './route-docs';

export function claim(app: App, ctx: ApiContext) {
  app.post(
    '/claim',
    {
      config: { access: WORKERS },
      schema: {
        summary: 'Take the next job',
        description:
          'Does not wait. Each claim is a new one: two workers of a factory may claim at the same time. A job ' +
          'whose answer was lost is never renewed, lapses without costing a retry, and is offered again; a client ' +
          'that sends `requestId` may ask for it at once with `retry: true`.',
        tags: TAGS,
        headers: fleetHeadersSchema,
        body: claimJobSchema,
        response: { 200: claimedJobSchema, 204: z.undefined().describe('Nothing to do now'), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { capabilities, requestId = randomUUID(), retry } = request.body;
      const id = actingAgent(caller, request.body.factoryId);
      const holder = agentRef(id);
      await keepFactory(ctx, caller, { id, capabilities });
      if (retry) {
        const found = await within(ctx.client, ENGINE_MS, () => ctx.claims.findClaim(holder, requestId));
        if (found) return reply.code(200).send(await claimed(ctx, { ...found, holder }));
      }
      const leaseMs = ctx.config.fleet.lease_ms;
      const want = { holder, capabilities, product: caller.product, requestId, leaseMs };
      const taken = await takeTask(ctx, want, 0, gone(reply.raw, ctx.closing));
      if (taken.kind === 'none') return reply.code(204).send(undefined);
      if (taken.kind === 'unavailable') {
        throw unavailable('no_worker', 'a claim got no answer and is given up; ask again');
      }
      return reply.code(200).send(await claimed(ctx, { ...taken, holder }));
    },
  );
}

async function claimed(ctx: ApiContext, granted: GrantTo): Promise<ClaimedJob> {
  const { task, lease } = await handOver(ctx, granted);
  return {
    id: task.id,
    leaseEpoch: lease.epoch,
    leaseExpiresAt: lease.expires_at,
    checkpoint: wipOf(task.checkpoint),
    bodyMd: bodyMdOf(task.body, task.findings),
  };
}

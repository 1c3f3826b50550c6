import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type ClaimedJob, claimedJobSchema, claimJobSchema, fleetHeadersSchema } from '../../contracts/fleet';
import type { Dequeued } from '../../contracts/lease';
import { actingAgent, principalOf, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { gone } from '../gone';
import { PROBLEMS } from '../route-docs';
import { takeWork, type WorkWanted } from '../take-work';
import { callerOf } from './caller';
import { knowFactory } from './keep-factory';
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
      await knowFactory(ctx, caller, { id, capabilities }, principalOf(request).product);
      const wanted: WorkWanted = {
        agentId: id,
        bearer: caller,
        own: principalOf(request).product,
        capabilities,
        requestId,
        retry,
        leaseS: ctx.config.fleet.lease_ms / 1_000,
        waitMs: 0,
        maxTasks: 1,
      };
      const [taken] = await takeWork(ctx, wanted, gone(reply.raw, ctx.closing));
      return taken ? reply.code(200).send(jobIn(taken)) : reply.code(204).send(undefined);
    },
  );
}

const jobIn = ({ task, lease }: Dequeued): ClaimedJob => ({
  id: task.id,
  leaseEpoch: lease.epoch,
  leaseExpiresAt: lease.expires_at,
  checkpoint: wipOf(task.checkpoint),
  bodyMd: bodyMdOf(task.body, task.findings),
});

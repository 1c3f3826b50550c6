import { randomUUID } from 'node:crypto';
import {
  fleetHeadersSchema,
  jobPendingSchema,
  jobSchema,
  leaseAnswerSchema,
  leaseRequestSchema,
} from '../../contracts/fleet';
import { releaseSignal } from '../../workflows/messages';
import type { ReleaseMessage } from '../../workflows/task/message-types';
import { WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { toProblem } from '../error-handler';
import { fenceKilled } from '../fence-killed';
import { answerOf, readTask } from '../read-task';
import { type RenewalRequest, renew } from '../renew';
import { PROBLEMS } from '../route-docs';
import { renewedWith } from '../routes/release';
import { guardProduct, sendMessage } from '../send-message';
import { tellTask } from '../tell-task';
import { callerOf, factoryOf, jobId } from './caller';
import { checkpointOf, jobOf } from './mapping';
import { ended, ownEnd, staleEpoch } from './own-end';
import { jobParams, TAGS } from './route-docs';

export function lease(app: App, ctx: ApiContext) {
  const schema = { tags: TAGS, headers: fleetHeadersSchema, params: jobParams, body: leaseRequestSchema };

  app.post(
    '/jobs/:id/lease/renew',
    {
      config: { access: WORKERS },
      schema: {
        ...schema,
        summary: 'Renew a lease',
        description: '409 `stale_epoch`: it is somebody else’s, or revoked. Stop, and do not push.',
        response: { 200: leaseAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const id = jobId(request.params.id);
      const { leaseEpoch: epoch, factoryId, checkpoint } = request.body;
      await guardProduct(ctx, caller, id);
      const holder = await factoryOf(ctx, caller, { id, epoch, factoryId });
      const renewal: RenewalRequest = {
        taskId: id,
        epoch,
        holder,
        progress: null,
        checkpoint: checkpointOf(checkpoint),
        product: caller.product,
        generation: caller.generation,
      };
      try {
        const answer = await renew(ctx, renewal);
        // These runners know one word for it.
        if (answer.directive === 'terminate') throw staleEpoch(epoch);
        await tellTask(ctx, renewal);
        return { leaseEpoch: epoch, leaseExpiresAt: answer.expires_at };
      } catch (error) {
        throw ended(await ownEnd(ctx, { id, epoch, holder }, error), 'renewal', toProblem(error));
      }
    },
  );

  app.post(
    '/jobs/:id/lease/release',
    {
      config: { access: WORKERS },
      schema: {
        ...schema,
        summary: 'Give a job back',
        description: 'Costs no retry. After a stage that ended the attempt it changes nothing, and is 200.',
        response: { 200: jobSchema, 202: jobPendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const id = jobId(request.params.id);
      const { leaseEpoch: epoch, factoryId, checkpoint } = request.body;
      await guardProduct(ctx, caller, id);
      const holder = await factoryOf(ctx, caller, { id, epoch, factoryId });
      await fenceKilled(ctx, { taskId: id, epoch, holder, generation: caller.generation });
      const said = checkpointOf(checkpoint);
      const message: ReleaseMessage = {
        message_id: randomUUID(),
        epoch,
        holder,
        checkpoint: said,
        renewed_with: said ? null : await renewedWith(ctx, id, epoch),
      };
      try {
        const answer = await sendMessage(ctx, id, releaseSignal, message);
        if (answer.code === 202) return reply.code(202).send({ id, pending: true });
        return reply.code(200).send(jobOf(answer.body));
      } catch (error) {
        await ownEnd(ctx, { id, epoch, holder }, error);
        return reply.code(200).send(jobOf(await answerOf(ctx, await readTask(ctx, id))));
      }
    },
  );
}

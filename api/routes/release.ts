import { randomUUID } from 'node:crypto';
import { pendingSchema, taskAnswerSchema } from '../../contracts/api';
import { releaseSchema } from '../../contracts/lease';
import { releaseSignal } from '../../workflows/messages';
import { holderSaying } from '../acting';
import { HOLDERS, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { fenceKilled } from '../fence-killed';
import type { Told } from '../lease-memory';
import { pendingLease } from '../lease-time';
import { describeTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';

export function release(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/release',
    {
      config: { access: HOLDERS, directive: 'task' },
      schema: {
        summary: 'Give a task back, with how far it came',
        description: 'Costs no retry. The epoch is over with it.',
        tags: ['leases'],
        params: taskParams,
        body: releaseSchema,
        response: { 200: taskAnswerSchema, 202: pendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { checkpoint, message_id } = request.body;
      const principal = principalOf(request);
      const { holder, epoch } = holderSaying(principal, request.body);
      await guardProduct(ctx, principal, id);
      await fenceKilled(ctx, { taskId: id, epoch, holder, generation: principal.generation });
      const answer = await sendMessage(ctx, id, releaseSignal, {
        message_id: message_id ?? randomUUID(),
        epoch,
        holder,
        checkpoint: checkpoint ?? null,
        renewed_with: checkpoint ? null : await renewedWith(ctx, id, epoch),
      });
      return send(reply, answer);
    },
  );
}

/** The checkpoint that the last renewal told. Throws 404 when there is no such task. */
export async function renewedWith(ctx: ApiContext, id: string, epoch: number): Promise<Told | null> {
  const pending = pendingLease(await describeTask(ctx, id));
  return pending?.epoch === epoch ? pending.checkpoint : null;
}

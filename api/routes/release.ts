import { randomUUID } from 'node:crypto';
import { pendingSchema, releaseSchema, taskAnswerSchema } from '../../contracts/api';
import { releaseSignal } from '../../workflows/messages';
import { holderSaying } from '../acting';
import { HOLDERS, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
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
      const answer = await sendMessage(ctx, id, releaseSignal, {
        message_id: message_id ?? randomUUID(),
        epoch,
        holder,
        checkpoint: checkpoint ?? null,
      });
      return send(reply, answer);
    },
  );
}

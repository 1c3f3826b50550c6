import { randomUUID } from 'node:crypto';
import { pendingSchema, taskAnswerSchema } from '../../contracts/api';
import { statusReportSchema } from '../../contracts/lease';
import { statusSignal } from '../../workflows/messages';
import { holderSaying } from '../acting';
import { HOLDERS, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { fenceKilled } from '../fence-killed';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';

export function status(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/status',
    {
      config: { access: HOLDERS, directive: 'task' },
      schema: {
        summary: 'Report that an attempt runs, or that it failed',
        tags: ['leases'],
        params: taskParams,
        body: statusReportSchema,
        response: { 200: taskAnswerSchema, 202: pendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { status: reported, message, message_id } = request.body;
      const principal = principalOf(request);
      const { holder, epoch } = holderSaying(principal, request.body);
      await guardProduct(ctx, principal, id);
      await fenceKilled(ctx, { taskId: id, epoch, holder, generation: principal.generation });
      const answer = await sendMessage(ctx, id, statusSignal, {
        message_id: message_id ?? randomUUID(),
        epoch,
        holder,
        status: reported,
        message: message ?? null,
      });
      return send(reply, answer);
    },
  );
}

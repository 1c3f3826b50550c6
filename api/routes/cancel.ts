import { randomUUID } from 'node:crypto';
import { cancelSchema, pendingSchema, taskAnswerSchema } from '../../contracts/api';
import { cancelSignal } from '../../workflows/messages';
import { principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';

export function cancel(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/cancel',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Cancel a task',
        description: 'Fences its holder; a run on a host is stopped and seen dead before the task closes.',
        tags: ['tasks'],
        params: taskParams,
        body: cancelSchema,
        response: { 200: taskAnswerSchema, 202: pendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const principal = principalOf(request);
      await guardProduct(ctx, principal, id);
      const message = {
        message_id: request.body?.message_id ?? randomUUID(),
        reason: request.body?.reason ?? null,
        by: principal.sub,
      };
      // Cancelled is what the caller wanted, whoever did it.
      const answer = await sendMessage(ctx, id, cancelSignal, message, ({ report }) =>
        report?.view.status === 'cancelled'
          ? { code: 'ok', message: 'cancelled before' }
          : { code: 'closed', message: `the task is ${report?.view.status ?? 'closed'}` },
      );
      return send(reply, answer);
    },
  );
}

import { randomUUID } from 'node:crypto';
import { pendingSchema, reviewSchema, taskAnswerSchema } from '../../contracts/api';
import { reviewSignal } from '../../workflows/messages';
import { principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';

export function review(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/review',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Approve or reject what was handed in',
        description:
          'Rejected: another attempt on the same branch, with the findings. 409 `wrong_status` otherwise.',
        tags: ['tasks'],
        params: taskParams,
        body: reviewSchema,
        response: { 200: taskAnswerSchema, 202: pendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { verdict, findings, confidence, message_id } = request.body;
      const principal = principalOf(request);
      await guardProduct(ctx, principal, id);
      const answer = await sendMessage(ctx, id, reviewSignal, {
        message_id: message_id ?? randomUUID(),
        verdict,
        findings,
        confidence: confidence ?? null,
        by: principal.sub,
      });
      return send(reply, answer);
    },
  );
}

import { randomUUID } from 'node:crypto';
import { pendingSchema, statusReportSchema, taskAnswerSchema } from '../../contracts/api';
import { statusSignal } from '../../workflows/messages';
import { agentRef } from '../../workflows/names';
import { actingAgent, principalOf, WORKERS } from '../auth';
import type { ApiContext, App } from '../context';
import { fenceKilled } from '../fence-killed';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';

export function status(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/status',
    {
      config: { access: WORKERS },
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
      const { agent_id, epoch, status: reported, message, message_id } = request.body;
      const principal = principalOf(request);
      const holder = agentRef(actingAgent(principal, agent_id));
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

import { randomUUID } from 'node:crypto';
import { assignSchema, taskAnswerSchema } from '../../contracts/api';
import { modeOf } from '../../workflows/rules/decide';
import { assignTask } from '../assign-task';
import { principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { answerOf, readTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct } from '../send-message';

export function assign(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/assign',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Choose who does a task',
        description:
          'Agent or host, overriding the execution mode. 400 `not_created` in any status but `created`.',
        tags: ['tasks'],
        params: taskParams,
        body: assignSchema,
        response: { 200: taskAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params;
      const principal = principalOf(request);
      await guardProduct(ctx, principal, id);
      const holder = await assignTask(ctx, id, request.body.agent_id, {
        message_id: randomUUID(),
        reason: request.body.reason ?? null,
        by: principal.sub,
      });
      const answer = await answerOf(ctx, await readTask(ctx, id));
      if (answer.status === 'assigned' && answer.lease === null) {
        ctx.board.put({
          taskId: id,
          labels: answer.labels,
          priority: answer.priority,
          mode: modeOf(holder),
          claimableSince: Date.parse(answer.last_activity_at),
          assignedTo: holder,
          product: answer.product,
          template: answer.template,
        });
      }
      return answer;
    },
  );
}

import { taskAnswerSchema } from '../../contracts/api';
import { assertVisible, EVERYONE, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { answerOf, readTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';

export function getTask(app: App, ctx: ApiContext) {
  app.get(
    '/tasks/:id',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'Read a task',
        description: '`partial: true` when no worker answered: what the index and the history know.',
        tags: ['tasks'],
        params: taskParams,
        response: { 200: taskAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params;
      const reading = await readTask(ctx, id);
      assertVisible(principalOf(request), id, reading.product);
      return answerOf(ctx, reading);
    },
  );
}

import { eventsSchema } from '../../contracts/api';
import { assertVisible, EVERYONE, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { ApiProblem } from '../problems';
import { readTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { noWorker } from '../temporal-errors';

export function taskEvents(app: App, ctx: ApiContext) {
  app.get(
    '/tasks/:id/events',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'What happened to a task, oldest first',
        tags: ['tasks'],
        params: taskParams,
        response: { 200: eventsSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { product, report, running } = await readTask(ctx, id);
      assertVisible(principalOf(request), id, product);
      if (!report && running) throw noWorker();
      if (!report)
        throw new ApiProblem(410, 'no_report', 'the run was ended from outside and left no events');
      return { events: report.events.map((event) => ({ ...event, at: new Date(event.at).toISOString() })) };
    },
  );
}

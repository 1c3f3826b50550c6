import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { retrySchema, taskAnswerSchema } from '../../contracts/api';
import { initialState } from '../../workflows/rules/state';
import { taskView } from '../../workflows/rules/view';
import { assertVisible, principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { nextInput, nextMemo } from '../next-run';
import { ApiProblem } from '../problems';
import { readTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { startTask } from '../start-task';

export function retry(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/retry',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Run a closed task again',
        description: 'A new run under the same id. Its epochs go on where those of the last one ended.',
        tags: ['tasks'],
        params: taskParams,
        body: retrySchema,
        response: { 200: taskAnswerSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const { id } = request.params;
      const reading = await readTask(ctx, id);
      assertVisible(principalOf(request), id, reading.product);
      if (reading.running) throw notClosed(id);
      const input = await nextInput(ctx, id, reading);
      try {
        await startTask(ctx, input, nextMemo(reading), 'ALLOW_DUPLICATE');
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) throw notClosed(id);
        throw error;
      }
      return taskView(initialState(input));
    },
  );
}

const notClosed = (id: string) =>
  new ApiProblem(409, 'not_closed', `${id} is not closed: only a closed task is retried`);

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { retrySchema, taskAnswerSchema } from '../../contracts/api';
import { initialState } from '../../workflows/rules/state';
import { taskView } from '../../workflows/rules/view';
import type { TaskInput } from '../../workflows/task/types';
import { assertVisible, principalOf, STAFF } from '../auth';
import { noCapableHost } from '../capable-hosts';
import type { ApiContext, App } from '../context';
import { ApiProblem, taskNotFound } from '../problems';
import { readTask, type TaskReading } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { startTask, type TaskMemo } from '../start-task';
import { readArgs } from '../task-history';

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
      const memo = {
        body_hash: (reading.description.memo as Partial<TaskMemo> | undefined)?.body_hash ?? '',
      };
      try {
        await startTask(ctx, input, memo, 'ALLOW_DUPLICATE');
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) throw notClosed(id);
        throw error;
      }
      return taskView(initialState(input));
    },
  );
}

async function nextInput(
  ctx: ApiContext,
  id: string,
  { description, report }: TaskReading,
): Promise<TaskInput> {
  const { workflowId, runId, historyLength } = description;
  const args = await readArgs(ctx, { workflowId, runId });
  if (!args) throw taskNotFound(id);
  // A run that was ended from outside does not tell its last epoch; no epoch begins without an event.
  const last = report?.view.epoch ?? (args.carried?.epoch ?? args.input.first_epoch) + historyLength;
  const input = {
    ...args.input,
    ...report?.edited,
    ...(report?.authors && { wrote: report.authors }),
  };
  return {
    ...input,
    no_capable_host: await noCapableHost(ctx, input.labels),
    created_at: Date.now(),
    first_epoch: last + 1,
  };
}

const notClosed = (id: string) =>
  new ApiProblem(409, 'not_closed', `${id} is not closed: only a closed task is retried`);

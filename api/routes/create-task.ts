import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { z } from 'zod';
import { taskAnswerSchema } from '../../contracts/api';
import { type Change, type CreateTask, createTaskSchema, type Text } from '../../contracts/task';
import { initialState } from '../../workflows/rules/state';
import { taskView } from '../../workflows/rules/view';
import { maySee, principalOf, STAFF } from '../auth';
import { bodyHash, idFromKey } from '../body-hash';
import { noCapableHost } from '../capable-hosts';
import type { ApiContext, App } from '../context';
import { keepText } from '../keep-text';
import { newTaskId } from '../new-task-id';
import { ApiProblem } from '../problems';
import { answerOf, readTask } from '../read-task';
import { PROBLEMS } from '../route-docs';
import type { TaskMemo } from '../start-options';
import { startNewTask } from '../start-task';
import { taskInput } from '../task-input';
import { BASE } from '../task-path';

const headers = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x21-\x7e]+$/, 'expected printable ASCII without spaces')
    .optional(),
});

export function createTask(app: App, ctx: ApiContext) {
  app.post(
    '/tasks',
    {
      config: { access: STAFF },
      schema: {
        summary: 'Create a task',
        description:
          'Idempotent by `id`, or by the header Idempotency-Key: the same body again gives 200 and the same task, ' +
          'also when it is closed; another body gives 409 `id_conflict`.',
        tags: ['tasks'],
        headers,
        body: createTaskSchema,
        response: { 200: taskAnswerSchema, 201: taskAnswerSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const product = request.body.product ?? principal.product ?? 'default';
      if (!maySee(principal, product)) {
        throw new ApiProblem(403, 'wrong_product', `this token is for the product ${principal.product}`);
      }
      const key = request.headers['idempotency-key'];
      const id = request.body.id ?? (key === undefined ? newTaskId() : idFromKey(product, key));
      const memo = { body_hash: bodyHash({ ...request.body, product }) };
      const input = taskInput(request.body, ctx.config, {
        id,
        product,
        body: await keepText(ctx.blobs, request.body.body),
        change: await changeOf(ctx, request.body),
        noCapableHost: await noCapableHost(ctx, request.body.labels),
        now: Date.now(),
      });
      reply.header('location', `${BASE}/tasks/${encodeURIComponent(id)}`);
      try {
        await startNewTask(ctx, input, memo);
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        return reply.code(200).send(await sameTask(ctx, id, product, memo));
      }
      return reply.code(201).send(taskView(initialState(input)));
    },
  );
}

async function changeOf(ctx: ApiContext, { diff, affected_files }: CreateTask): Promise<Text | null> {
  if (diff === undefined && affected_files === undefined) return null;
  const change: Change = { diff, affected_files };
  return keepText(ctx.blobs, JSON.stringify(change));
}

/** Throws 409 when the id belongs to another task. */
async function sameTask(
  ctx: ApiContext,
  id: string,
  product: string,
  { body_hash }: Pick<TaskMemo, 'body_hash'>,
) {
  const reading = await readTask(ctx, id);
  const known = (reading.description.memo as Partial<TaskMemo> | undefined)?.body_hash;
  if (known !== body_hash || reading.product !== product) {
    throw new ApiProblem(
      409,
      'id_conflict',
      `the id ${id} belongs to a task that was created with another body`,
    );
  }
  return answerOf(ctx, reading);
}

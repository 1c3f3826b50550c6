/** The common way of /status, /complete, /release, /review and /cancel: signal, ask what became of it, answer. */
import type { SignalDefinition } from '@temporalio/common';
import type { FastifyReply } from 'fastify';
import type { TaskAnswer } from '../contracts/api';
import type { TaskView } from '../contracts/task';
import type { BoardEntry } from '../dispatch/board-entry';
import type { Outcome } from '../workflows/task/types';
import { assertVisible } from './auth';
import { type Confirmation, signalAndConfirm } from './confirm';
import type { ApiContext } from './context';
import { viewOrThrow } from './outcome-answer';
import { unavailable } from './problems';
import { describeTask, productOf, readTask, type TaskReading } from './read-task';
import type { Principal } from './tokens';

export type Answered =
  | { code: 200; body: TaskAnswer }
  | { code: 202; body: { id: string; pending: true; message_id: string } };

/** A task may be retried while we look at its end: then the message is sent again, and no more often than this. */
const TRIES = 3;

/** `onClosed` gives the outcome for a task that is closed and has not seen the message. */
export async function sendMessage<M extends { message_id: string }>(
  ctx: ApiContext,
  taskId: string,
  signal: SignalDefinition<[M]>,
  message: M,
  onClosed: (reading: TaskReading) => Promise<Outcome> | Outcome = closed,
): Promise<Answered> {
  for (let left = TRIES; left > 0; left--) {
    const confirmation = await signalAndConfirm(ctx, taskId, signal, message);
    if (confirmation.kind !== 'gone') return answered(ctx, taskId, message.message_id, confirmation);
    const reading = await readTask(ctx, taskId);
    if (reading.running) continue;
    const earlier = reading.report?.outcomes.find(({ id }) => id === message.message_id)?.outcome;
    const outcome = earlier ?? (await onClosed(reading));
    return { code: 200, body: viewOrThrow(outcome, reading.report?.view ?? null) };
  }
  throw unavailable('engine_unavailable', 'the task is being started again');
}

const closed = ({ report }: TaskReading): Outcome => ({
  code: 'closed',
  message: `the task is ${report?.view.status ?? 'closed'}`,
});

function answered(
  ctx: Pick<ApiContext, 'board'>,
  taskId: string,
  messageId: string,
  confirmation: Exclude<Confirmation, { kind: 'gone' }>,
): Answered {
  if (confirmation.kind === 'pending') {
    return { code: 202, body: { id: taskId, pending: true, message_id: messageId } };
  }
  const body = viewOrThrow(confirmation.outcome, confirmation.view);
  if (isClaimable(confirmation.view)) ctx.board.put(freedEntry(confirmation.view));
  return { code: 200, body };
}

const isClaimable = (view: TaskView) =>
  view.status === 'created' && view.lease === null && view.not_before === null;

/** What this process frees is on its board at once. */
const freedEntry = (view: TaskView): BoardEntry => ({
  taskId: view.id,
  labels: view.labels,
  priority: view.priority,
  mode: view.execution_mode,
  claimableSince: Date.parse(view.last_activity_at),
  assignedTo: null,
  product: view.product,
  template: view.template,
  ...(view.not_by && { notBy: view.not_by }),
});

/**
 * Throws 404 when the caller may not see the task. Costs nothing for a caller that may see all, and for one that was
 * granted the task.
 */
export async function guardProduct(ctx: Pick<ApiContext, 'client'>, principal: Principal, taskId: string) {
  if (principal.product === null || principal.lease) return;
  assertVisible(principal, taskId, productOf(await describeTask(ctx, taskId)));
}

export const send = (reply: FastifyReply, { code, body }: Answered) => reply.code(code).send(body);

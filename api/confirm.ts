/**
 * A message to a task, and what became of it. The signal is durable although no worker is up; the query
 * right after it gives a truthful answer, or none in time, and then the caller hears 202.
 */
import type { SignalDefinition } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { TaskView } from '../contracts/task';
import { outcomeQuery } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import type { Outcome } from '../workflows/task/types';
import type { ApiContext } from './context';
import { ANSWER_MS, ENGINE_MS, within } from './deadline';
import { temporalProblem } from './temporal-errors';

export type Confirmation =
  | { kind: 'answered'; outcome: Outcome; view: TaskView }
  /** Durable, yet nobody has answered. */
  | { kind: 'pending' }
  /** Nothing runs under this id: the task is closed, or never was. */
  | { kind: 'gone' };

type Clients = Pick<ApiContext, 'client' | 'queries'>;

/** Throws what the signal throws, other than that nothing runs there: then the message is not durable. */
export async function signalAndConfirm<M extends { message_id: string }>(
  clients: Clients,
  taskId: string,
  signal: SignalDefinition<[M]>,
  message: M,
): Promise<Confirmation> {
  const handle = clients.client.workflow.getHandle(taskWorkflowId(taskId));
  try {
    await within(clients.client, ENGINE_MS, () => handle.signal(signal, message));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'gone' };
    throw error;
  }
  return confirm(clients.queries, taskId, message.message_id);
}

async function confirm(
  queries: ApiContext['queries'],
  taskId: string,
  messageId: string,
): Promise<Confirmation> {
  const handle = queries.workflow.getHandle(taskWorkflowId(taskId));
  try {
    const answer = await within(queries, ANSWER_MS, () => handle.query(outcomeQuery, messageId));
    return answer ? { kind: 'answered', outcome: answer.outcome, view: answer.task } : { kind: 'pending' };
  } catch (error) {
    // Whatever keeps the query from its answer, the signal has been taken.
    if (temporalProblem(error)) return { kind: 'pending' };
    throw error;
  }
}

/** Starts the workflow of a task, and lets those know who wait for one. */
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Beginning, type StartOptions } from '../dispatch/beginning';
import type { TaskInput } from '../workflows/task/types';
import type { ApiContext } from './context';
import { ANSWER_MS, ENGINE_MS, orAfter, within } from './deadline';
import { newEntry, type OwnMemo, type Reuse, startOptions } from './start-options';

/** Throws WorkflowExecutionAlreadyStartedError when the id is taken. */
export async function startTask(
  { client, board }: Pick<ApiContext, 'client'> & { board: Pick<ApiContext['board'], 'put'> },
  input: TaskInput,
  memo: OwnMemo,
  reuse: Reuse,
): Promise<void> {
  await start(client, startOptions(input, memo, reuse));
  board.put(newEntry(input));
}

/**
 * As `startTask`, for an id that nobody had. Whoever waits for such a task starts it with its claim; when that gives no
 * answer in time, it starts without one.
 */
export async function startNewTask(
  { client, board, claims }: Pick<ApiContext, 'client' | 'board' | 'claims'>,
  input: TaskInput,
  memo: OwnMemo,
): Promise<void> {
  const options = startOptions(input, memo, 'REJECT_DUPLICATE');
  const beginning = new Beginning('task', options);
  const offered = claims.answering() && board.offerNew({ ...newEntry(input), beginning });
  const begun = offered ? await orAfter(ANSWER_MS, beginning.outcome.catch(unlessTaken), 'unknown') : 'alone';
  if (begun === 'begun') return;
  if (begun === 'alone') return startTask({ client, board }, input, memo, 'REJECT_DUPLICATE');
  beginning.giveUp();
  try {
    await start(client, options);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError) || !(await isStarted(client, options)))
      throw error;
  }
}

function unlessTaken(error: unknown): 'unknown' {
  if (error instanceof WorkflowExecutionAlreadyStartedError) throw error;
  return 'unknown';
}

const start = (client: Client, options: StartOptions) =>
  within(client, ENGINE_MS, () => client.workflow.start('task', options));

/** Whether it is by these very options that the task has started: no two creations of one body share their time. */
async function isStarted(client: Client, { workflowId, memo }: StartOptions): Promise<boolean> {
  const found = await within(client, ENGINE_MS, () => client.workflow.getHandle(workflowId).describe());
  return found.memo?.body_hash === memo?.body_hash && found.memo?.created_at === memo?.created_at;
}

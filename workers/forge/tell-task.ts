/** A message to a task, and what became of it, in a line for people. */
import type { SignalDefinition } from '@temporalio/common';
import { signalAndConfirm } from '../../api/confirm';
import type { ForgeContext } from './forge-context';

export interface Heard {
  /** The task did what was said, or will: nobody has answered yet. */
  done: boolean;
  line: string;
}

/** Throws when the message is not durable: another try sends it again, under the same id. */
export async function tellTask<M extends { message_id: string }>(
  ctx: Pick<ForgeContext, 'client' | 'queries'>,
  taskId: string,
  signal: SignalDefinition<[M]>,
  message: M,
): Promise<Heard> {
  const heard = await signalAndConfirm(ctx, taskId, signal, message);
  if (heard.kind === 'gone') return { done: false, line: 'the task is closed' };
  if (heard.kind === 'pending') return { done: true, line: 'told, and not answered yet' };
  const { code, message: line } = heard.outcome;
  return { done: code === 'ok' || code === 'accepted', line };
}

/** What an edited issue changes: the input of the next attempt. */
import type { EditMessage } from '../task/message-types';
import type { TaskState } from '../task/types';
import { isOpen } from './claim';
import type { Step } from './receipt';
import { note } from './state';

export function edit(state: TaskState, message: EditMessage, now: number): Step {
  if (!isOpen(state)) return { state, outcome: { code: 'closed', message: `the task is ${state.status}` } };
  const { title, body, labels, updated_at } = message;
  const { input } = state;
  if (updated_at < (input.edited_at ?? 0)) return { state, outcome: { code: 'ok', message: 'nothing new' } };
  const relabelled = labels.join('\n') !== input.labels.join('\n');
  const changed = [
    title !== input.title && 'title',
    JSON.stringify(body) !== JSON.stringify(input.body) && 'body',
    relabelled && 'labels',
  ].filter((part) => part !== false);
  const edited: TaskState = { ...state, input: { ...input, title, body, labels, edited_at: updated_at } };
  const outcome = { code: 'ok', message: 'edited' } as const;
  if (changed.length === 0) return { state: edited, outcome };
  // Boards ask for what became claimable of late: with a new time they learn of the labels.
  const offered = relabelled && state.claimable_since !== null ? { ...edited, claimable_since: now } : edited;
  return { state: note(offered, now, 'edited', changed.join(', ')), outcome };
}

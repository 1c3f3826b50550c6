/** What the kill of its holder means to a task. */
import type { RevokeMessage } from '../task/message-types';
import type { TaskState } from '../task/types';
import { revoke } from './attempt';
import { isOpen } from './claim';
import type { Step } from './receipt';
import { free, note } from './state';

/** The attempt ends uncharged, also one whose lease has lapsed, and the task is free for others. */
export function revokeHolder(state: TaskState, message: RevokeMessage, now: number): Step {
  const { holder, epoch, by, reason } = message;
  if (!isOpen(state)) return { state, outcome: { code: 'closed', message: `the task is ${state.status}` } };
  const why = `${holder} was killed by ${by}${reason ? `: ${reason}` : ''}`;
  const outcome = { code: 'ok', message: 'killed' } as const;
  if (state.lease && state.lease.holder === holder && state.lease.epoch === epoch) {
    const kept = { ...state, checkpoint: message.checkpoint ?? state.checkpoint };
    const revoked = revoke(kept, now, 'killed', { code: 'holder_killed', message: why });
    return { state: free(revoked, now), outcome };
  }
  if (state.assigned?.holder === holder) {
    return { state: note(free(state, now), now, 'unassigned', why), outcome };
  }
  return { state, outcome: { code: 'stale_epoch', message: `${holder} has no lease of epoch ${epoch}` } };
}

/** What an open pull request means to the attempt that is under way. */
import type { TaskPull, TaskState } from '../task/types';
import { note } from './state';

export const openPull = ({ pull }: TaskState): TaskPull | null => (pull?.state === 'open' ? pull : null);

/** Kept with the lease, so that the work of this attempt is told from that of an earlier one. */
export const pullAtGrant = (state: TaskState): { pull_sha?: string } => {
  const pull = openPull(state);
  return pull ? { pull_sha: pull.head_sha } : {};
};

/** Opened, or pushed to, since the attempt began that is under way or has lapsed. */
export function pullIsNew(state: TaskState): boolean {
  const pull = openPull(state);
  return pull !== null && state.lease !== null && pull.head_sha !== state.lease.pull_sha;
}

/** Waits for a verdict; with one already, for the merge. */
export const inReview = (state: TaskState, now: number): TaskState => ({
  ...state,
  status: 'review_pending',
  assigned: null,
  review_since: openPull(state)?.approved ? null : now,
  claimable_since: null,
  not_before: null,
});

/** Without a receipt: the pull request is the work. No receipt from before is to take its place. */
export function toReview(state: TaskState, now: number): TaskState {
  const pull = openPull(state);
  if (!pull) return state;
  const { checkpoint, epoch, input } = state;
  const reached: TaskState = {
    ...inReview(state, now),
    accepted_epoch: epoch,
    checkpoint: { ...checkpoint, branch: input.branch_name, commit: pull.head_sha },
    findings: [],
    reason: null,
  };
  return note(reached, now, 'handed_over', `pull request ${pull.number} goes to review`);
}

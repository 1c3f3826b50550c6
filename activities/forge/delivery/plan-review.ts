import type { ForgeEvent, PullFacts } from '../../../contracts/forge';
import type { TaskPull } from '../../../workflows/task/types';
import { shortDigest } from '../digest';
import type { Asked, Intent, KnownTask } from './intents';
import { notOurs, tellPull } from './plan-pull';

export type ReviewEvent = Extract<ForgeEvent, { kind: 'review' }>;

/** A verdict of somebody who may not write would let strangers approve, or use up the rounds. */
export function planReview(
  event: ReviewEvent,
  task: KnownTask | null,
  { permission, own }: Pick<Asked, 'permission' | 'own'>,
  by: string,
): Intent[] {
  const { verdict, pull, body, review_id, sender } = event;
  if (verdict === 'comment') return nothing('a comment is no verdict');
  const why = notOurs(pull, event.repository.full_name, task);
  if (why !== null) return nothing(why);
  if (own) return nothing('told by Signalbox when it was posted');
  if (permission !== 'write' && permission !== 'admin')
    return nothing('the verdict of somebody who may not write');
  const which =
    review_id === null ? shortDigest(pull.head.sha, sender, `${pull.updated_at}`, verdict) : `${review_id}`;
  const message_id = `review:${pull.number}:${which}`;
  return [
    ...overtaken(task?.pull ?? null, pull, by),
    { do: 'review', review: { message_id, verdict, login: sender, by, pull, body, review_id } },
  ];
}

/** It may have come before the deliveries that tell of the pull request, or of the push to it. */
function overtaken(known: TaskPull | null, pull: PullFacts, by: string): Intent[] {
  if (known === null) return [tellPull(pull, 'opened', by)];
  const newer = known.head_sha !== pull.head.sha && pull.updated_at >= known.updated_at;
  return newer ? [tellPull(pull, 'pushed', by)] : [];
}

const nothing = (why: string): Intent[] => [{ do: 'nothing', why }];

export type Judging = 'now' | 'later' | 'never';

/**
 * What to do with the verdict on the head `sha` of a pull request. While somebody works it waits for the end of the
 * attempt; it counts only if that leaves the commit as it was.
 */
export function judging(task: KnownTask, sha: string): Judging {
  if (!task.open) return 'never';
  const other = task.pull !== null && task.pull.head_sha !== sha;
  if (other) return 'never';
  return task.status === 'review_pending' ? 'now' : 'later';
}

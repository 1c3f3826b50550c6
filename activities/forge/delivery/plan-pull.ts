import type { ForgeEvent, PullFacts } from '../../../contracts/forge';
import type { ForgeMessage } from '../../../workflows/task/message-types';
import type { TaskPull } from '../../../workflows/task/types';
import type { Intent, KnownTask } from './intents';

export type PullEvent = Extract<ForgeEvent, { kind: 'pull' }>;
export type PushEvent = Extract<ForgeEvent, { kind: 'push' }>;
type Action = PullEvent['action'];

/** As many digits of a commit as make an id of a message that is short enough. */
const SHA_DIGITS = 40;
const NO_COMMIT = /^0+$/;

/** A fork may have a branch of any name: what is in it is nobody's task. */
export const isOfRepository = (pull: PullFacts, repository: string) =>
  pull.head.repository?.toLowerCase() === repository.toLowerCase();

export function planPull(event: PullEvent, task: KnownTask | null, by: string): Intent[] {
  const why = notOurs(event.pull, event.repository.full_name, task);
  if (why !== null) return [{ do: 'nothing', why }];
  // One of an earlier run may still be edited, or labelled, long after it was merged.
  if (!event.pull.open && event.action !== 'closed' && task?.pull?.number !== event.pull.number) {
    return [{ do: 'nothing', why: 'the pull request was over before' }];
  }
  return [tellPull(event.pull, event.action, by)];
}

/** null: it is about the run of the task that is open. */
export function notOurs(pull: PullFacts, repository: string, task: KnownTask | null): string | null {
  if (!isOfRepository(pull, repository)) return 'the pull request comes from a fork';
  if (!task) return 'no task has this branch';
  if (!task.open) return `the task is ${task.status}`;
  if (pull.updated_at <= task.earlier.pulls_until) return 'it is about an earlier run of the task';
  return null;
}

export function planPush({ after }: PushEvent, task: KnownTask | null, by: string): Intent[] {
  if (NO_COMMIT.test(after)) return [{ do: 'nothing', why: 'the branch was deleted' }];
  if (!task) return [{ do: 'nothing', why: 'no task has this branch' }];
  if (!task.open) return [{ do: 'nothing', why: `the task is ${task.status}` }];
  const message_id = `pushed:${after.slice(0, SHA_DIGITS)}`;
  return [{ do: 'tell', message: { message_id, what: 'pushed', pull: null, by } }];
}

/** What a pull request says counts by how it is; of those that are open the action says what is new. */
export function tellPull(pull: PullFacts, action: Action, by: string): Extract<Intent, { do: 'tell' }> {
  const [what, message_id] = fact(pull, action);
  return { do: 'tell', message: { message_id, what, pull: taskPull(pull), by } };
}

function fact(
  { number, merged, open, updated_at, head }: PullFacts,
  action: Action,
): [ForgeMessage['what'], string] {
  if (merged) return ['pull_merged', `merged:${number}`];
  if (!open) return ['pull_closed', `closed:${number}:${updated_at}`];
  if (action === 'opened') return ['pull_opened', `opened:${number}`];
  if (action === 'reopened') return ['pull_opened', `opened:${number}:${updated_at}`];
  return ['pull_updated', `updated:${number}:${updated_at}:${head.sha.slice(0, 12)}`];
}

export function taskPull({
  number,
  url,
  head,
  merged,
  open,
  updated_at,
}: PullFacts): Omit<TaskPull, 'approved'> {
  const state = merged ? 'merged' : open ? 'open' : 'closed';
  return { number, url, head_sha: head.sha, state, updated_at };
}

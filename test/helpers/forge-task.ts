import type { TaskOrigin } from '../../contracts/forge';
import type { ForgeMessage, ReviewMessage } from '../../workflows/task/message-types';
import type { TaskInput, TaskPull } from '../../workflows/task/types';

export const ORIGIN: TaskOrigin = {
  source: 'forge',
  repository: 'org/repo',
  issue: 1,
  url: 'https://forge.test/org/repo/issues/1',
  base_branch: 'main',
};

/** What makes a task one of a forge. */
export const fromForge = (over: Partial<TaskInput> = {}): Partial<TaskInput> => ({
  origin: ORIGIN,
  review: 'required',
  ...over,
});

export const sha = (digit: string) => digit.repeat(40);

export type PullFactsOfTask = Omit<TaskPull, 'approved'>;

export const pullFacts = (over: Partial<PullFactsOfTask> = {}): PullFactsOfTask => ({
  number: 7,
  url: 'https://forge.test/org/repo/pulls/7',
  head_sha: sha('a'),
  state: 'open',
  updated_at: 100,
  ...over,
});

const WHAT = { open: 'pull_updated', merged: 'pull_merged', closed: 'pull_closed' } as const;

export const heard = (over: Partial<PullFactsOfTask> = {}, what?: ForgeMessage['what']): ForgeMessage => {
  const pull = pullFacts(over);
  return { message_id: 'f', what: what ?? WHAT[pull.state], pull, by: 'alice' };
};

export const opened = (over: Partial<PullFactsOfTask> = {}) => heard(over, 'pull_opened');

export const verdict = (
  said: ReviewMessage['verdict'],
  over: Partial<ReviewMessage> = {},
): ReviewMessage => ({
  message_id: 'v',
  verdict: said,
  findings: said === 'rejected' ? [{ file: 'a.ts', line: 3, message: 'Off by 1' }] : [],
  confidence: null,
  by: 'bob',
  ...over,
});

/** Events as the ingress makes them of what happens in a forge of the tests. */
import type { ForgeEvent, PullFacts } from '../../contracts/forge';
import { type MemoryForge, REPOSITORY } from './memory-forge';

type Of<K extends ForgeEvent['kind']> = Extract<ForgeEvent, { kind: K }>;

export const repository = {
  full_name: REPOSITORY,
  clone_url: `http://forge.invalid/${REPOSITORY}.git`,
  default_branch: 'main',
};

/** The issue as it is now. */
export function issueEvent(
  { world, tick }: MemoryForge,
  number: number,
  action: Of<'issue'>['action'],
  updated_at = tick(),
): Of<'issue'> {
  const issue = world.issues.get(number);
  if (!issue) throw new Error(`no issue ${number}`);
  const { title, body, open, labels, url } = issue;
  return {
    kind: 'issue',
    action,
    repository,
    sender: 'alice',
    issue: { number, title, body: { inline: body }, open, labels: [...labels], url, updated_at },
  };
}

export const commentEvent = (
  number: number,
  id: number,
  command: string,
  sender = 'alice',
  is_pull = false,
): Of<'comment'> => ({ kind: 'comment', repository, sender, number, is_pull, comment: { id, command } });

export const pullEvent = (pull: PullFacts, action: Of<'pull'>['action']): Of<'pull'> => ({
  kind: 'pull',
  action,
  repository,
  sender: 'agent',
  pull,
});

export const reviewEvent = (
  pull: PullFacts,
  verdict: Of<'review'>['verdict'],
  over: Partial<Of<'review'>> = {},
): Of<'review'> => ({
  kind: 'review',
  repository,
  sender: 'alice',
  verdict,
  body: { inline: 'please look again' },
  review_id: null,
  pull,
  ...over,
});

export const pushEvent = (branch: string, after: string): Of<'push'> => ({
  kind: 'push',
  repository,
  sender: 'agent',
  branch,
  after,
});

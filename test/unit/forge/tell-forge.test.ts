/** Comment, commit status and pull request of a task: each there once, whichever answer of the forge is lost. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ForgeError } from '../../../activities/forge/forge';
import { type SourceConfig, sourceSchema, type TaskOrigin } from '../../../contracts/forge';
import type { ForgeContext } from '../../../workers/forge/forge-context';
import { createTellForge } from '../../../workers/forge/tell-forge';
import type { ForgeReport } from '../../../workflows/report/types';
import { forgeReport } from '../../helpers/forge-report';
import { createMemoryForge, type MemoryForge, REPOSITORY } from '../../helpers/memory-forge';

const BRANCH = 'task/org-repo-1';
const HEAD = 'c'.repeat(40);
const origin: TaskOrigin = {
  source: 'forge',
  repository: REPOSITORY,
  issue: 1,
  url: 'http://forge.invalid/org/repo/issues/1',
  base_branch: 'main',
};
const config: SourceConfig = sourceSchema.parse({
  kind: 'gitea',
  url: 'http://forge.invalid',
  token: { from_env: 'T' },
  webhook_secret: { from_env: 'S' },
});
const handedIn: Partial<ForgeReport> = {
  status: 'review_pending',
  receipt: { summary: 'done', artifacts: { commit: HEAD } },
};

let forge: MemoryForge;

beforeEach(() => {
  forge = createMemoryForge();
  forge.setIssue(1);
});

function tell(over: Partial<ForgeReport> = {}, comment_id: number | null = null) {
  const at = forge.as('signalbox');
  const sources = new Map([['forge', { name: 'forge', config, forge: at, reviewer: at }]]);
  const { tellForge } = createTellForge({ sources, config: {} } as unknown as ForgeContext);
  const report = forgeReport(over);
  return tellForge({ task_id: 'org/repo#1', product: 'default', origin, report, comment_id });
}

const push = (sha = HEAD) => forge.world.branches.set(BRANCH, sha);

describe('the forge', () => {
  it('is told in one comment, that is edited', async () => {
    const { comment_id } = await tell({ status: 'running', holder: 'agent:a' });
    await tell({ status: 'failed', reason: { code: 'lease_lost', message: 'gone' } }, comment_id);
    await tell({ status: 'failed', reason: { code: 'lease_lost', message: 'gone' } }, null);
    expect(forge.world.comments).toHaveLength(1);
    expect(forge.world.comments[0]).toMatchObject({
      id: comment_id,
      body: expect.stringContaining('lease_lost'),
    });
  });

  it('gets the comment anew when somebody has deleted it', async () => {
    const { comment_id } = await tell();
    forge.world.comments.length = 0;
    const again = await tell({ status: 'completed' }, comment_id);
    expect(again.comment_id).not.toBe(comment_id);
    expect(forge.world.comments).toHaveLength(1);
  });

  it('gets a pull request for a branch that was pushed, and a status on its head', async () => {
    push();
    const { pull } = await tell(handedIn);
    expect(pull).toMatchObject({ state: 'open', head_sha: HEAD });
    expect([...forge.world.pulls.values()]).toMatchObject([{ title: 'a title', base: 'main' }]);
    expect(forge.world.statuses).toMatchObject([
      { sha: HEAD, state: 'pending', context: 'signalbox', url: origin.url },
    ]);
    expect((await tell(handedIn)).pull?.number).toBe(pull?.number);
    expect(forge.world.pulls.size).toBe(1);
  });

  it.each([
    ['nothing was pushed', () => {}, handedIn],
    ['the branch is where it began', () => push('a'.repeat(40)), handedIn],
    ['nothing was handed in', () => push(), { status: 'running' as const }],
    ['it failed', () => push(), { ...handedIn, status: 'failed' as const }],
  ])('gets no pull request when %s', async (_, prepare, over) => {
    prepare();
    expect((await tell(over)).pull).toBeNull();
    expect(forge.world.pulls.size).toBe(0);
  });

  it('is told of the newest commit of the pull request', async () => {
    const pull = {
      number: 5,
      url: 'u',
      head_sha: 'e'.repeat(40),
      state: 'open',
      approved: true,
      updated_at: 0,
    } as const;
    await tell({ ...handedIn, pull });
    expect(forge.world.statuses).toMatchObject([{ sha: 'e'.repeat(40), state: 'success' }]);
  });
});

describe('an answer that is lost', () => {
  const effects = 3;

  it.each(
    Array.from({ length: effects }, (_, i) => i + 1).flatMap((at) => [
      [at, 'before'] as const,
      [at, 'after'] as const,
    ]),
  )('of effect %i, %s it was there, leaves nothing twice', async (at, when) => {
    push();
    forge.failAt(at, when);
    await expect(tell(handedIn)).rejects.toMatchObject({ type: 'unavailable', nonRetryable: false });
    forge.heal();
    const told = await tell(handedIn);
    await tell({ ...handedIn, status: 'completed' }, told.comment_id);
    expect(forge.world.pulls.size).toBe(1);
    expect(forge.world.comments).toHaveLength(1);
    expect(forge.world.statuses.at(-1)).toMatchObject({ sha: HEAD, state: 'success' });
  });

  it('is of one of as many effects as are tried here', async () => {
    push();
    await tell(handedIn);
    expect(forge.writes()).toBe(effects);
  });
});

it('what the forge refuses does not keep the rest from being told', async () => {
  push();
  forge.failAt(1, 'before', new ForgeError('forbidden', 'the token lacks a scope'));
  await expect(tell(handedIn)).rejects.toMatchObject({
    type: 'forbidden',
    nonRetryable: true,
    message: 'forge: the token lacks a scope',
  });
  expect(forge.world.comments).toHaveLength(1);
  expect(forge.world.statuses).toHaveLength(1);
});

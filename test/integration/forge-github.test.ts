/**
 * The client for GitHub against a script, not against GitHub, which cannot run here: the answers have the shapes of
 * its REST documentation, the behaviour is what that documentation says. What only GitHub knows is not tested.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  githubComment,
  githubIssue,
  githubPull,
  githubRefusal,
  githubReview,
  githubReviewComment,
  githubUser,
  SHA,
} from '../helpers/github-shapes';
import { BASE, githubScripts, REPOSITORY } from '../helpers/scripted-github';

const { github, sent, asked, close } = githubScripts();

afterEach(close);

describe('GitHub is read', () => {
  it('me, issue and pull request', async () => {
    const forge = await github({
      [`GET ${BASE}/issues/1347`]: { body: githubIssue() },
      [`GET ${BASE}/issues/2`]: {
        body: githubIssue({ number: 2, state: 'closed', body: null, labels: ['plain'], pull_request: {} }),
      },
      [`GET ${BASE}/pulls/1347`]: { body: githubPull() },
    });
    await expect(forge.me()).resolves.toBe('signalbox');
    await expect(forge.issue(REPOSITORY, 1347)).resolves.toEqual({
      number: 1347,
      title: 'Found a bug',
      body: "I'm having a problem with this.",
      open: true,
      labels: ['bug'],
      url: 'https://github.com/octocat/hello-world/issues/1347',
      is_pull: false,
    });
    await expect(forge.issue(REPOSITORY, 2)).resolves.toMatchObject({
      open: false,
      body: '',
      labels: ['plain'],
      is_pull: true,
    });
    await expect(forge.pull(REPOSITORY, 1347)).resolves.toEqual({
      number: 1347,
      title: 'Amazing new feature',
      url: 'https://github.com/octocat/hello-world/pull/1347',
      author: 'octocat',
      head: { branch: 'new-topic', sha: SHA, repository: REPOSITORY },
      base: 'main',
      open: true,
      merged: false,
      updated_at: Date.UTC(2011, 0, 26, 19, 1, 12),
    });
    await expect(forge.issue(REPOSITORY, 3)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('who am I only once, unless that failed', async () => {
    let fails = true;
    const forge = await github({
      'GET /api/v3/user': () =>
        fails ? { status: 502, body: 'bad gateway' } : { body: githubUser('signalbox') },
    });
    await expect(forge.me()).rejects.toMatchObject({ code: 'unavailable' });
    fails = false;
    await forge.me();
    await forge.me();
    expect(asked()).toHaveLength(2);
  });

  it('a branch by its exact name', async () => {
    const forge = await github({
      [`GET ${BASE}/git/ref/heads/task/7-a`]: {
        body: { ref: 'refs/heads/task/7-a', object: { type: 'commit', sha: SHA } },
      },
    });
    await expect(forge.branchHead(REPOSITORY, 'task/7-a')).resolves.toBe(SHA);
    await expect(forge.branchHead(REPOSITORY, 'task/7')).resolves.toBeNull();
  });

  it('permissions', async () => {
    const level = (permission: string) => ({
      body: { permission, role_name: permission, user: githubUser('x') },
    });
    const forge = await github({
      [`GET ${BASE}/collaborators/ada/permission`]: level('admin'),
      [`GET ${BASE}/collaborators/wim/permission`]: level('write'),
      [`GET ${BASE}/collaborators/rob/permission`]: level('read'),
      [`GET ${BASE}/collaborators/nan/permission`]: level('none'),
      [`GET ${BASE}/collaborators/for/permission`]: {
        status: 403,
        body: githubRefusal('Must have push access'),
      },
    });
    const all = ['ada', 'wim', 'rob', 'nan', 'nobody'].map((login) => forge.permission(REPOSITORY, login));
    await expect(Promise.all(all)).resolves.toEqual(['admin', 'write', 'read', 'none', 'none']);
    await expect(forge.permission(REPOSITORY, 'for')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('a diff', async () => {
    const forge = await github({
      [`GET ${BASE}/pulls/1347`]: ({ headers }) =>
        /^application\/vnd\.github\.(v3\.)?diff$/.test(headers.accept ?? '')
          ? {
              body: 'diff --git a/x b/x\n',
              headers: { 'content-type': 'application/vnd.github.diff; charset=utf-8' },
            }
          : { body: githubPull() },
    });
    await expect(forge.diff(REPOSITORY, 1347)).resolves.toBe('diff --git a/x b/x\n');
  });

  it('the findings of the newest review, and of one that is named', async () => {
    const forge = await github({
      [`GET ${BASE}/pulls/1347/reviews`]: {
        body: [
          githubReview(80, 'hubot', 'CHANGES_REQUESTED'),
          githubReview(81, 'Hubot', 'COMMENTED'),
          githubReview(82, 'octocat', 'APPROVED'),
          githubReview(83, 'hubot', 'PENDING'),
        ],
      },
      // Newest first, as it is asked for.
      [`GET ${BASE}/pulls/1347/comments`]: {
        body: [
          githubReviewComment(81, 'b.ts', null, 'second'),
          githubReviewComment(80, 'old.ts', 9, 'of the review before'),
          githubReviewComment(81, 'a.ts', 5, ' first '),
          githubReviewComment(81, 'a.ts', 5, ' '),
        ],
      },
    });
    await expect(forge.reviewFindings(REPOSITORY, 1347, 'hubot', null)).resolves.toEqual([
      { file: 'a.ts', line: 5, message: 'first' },
      { file: 'b.ts', line: 2, message: 'second' },
    ]);
    await expect(forge.reviewFindings(REPOSITORY, 1347, 'hubot', 80)).resolves.toMatchObject([
      { file: 'old.ts', line: 9 },
    ]);
    await expect(forge.reviewFindings(REPOSITORY, 1347, 'nobody', null)).resolves.toEqual([]);
  });
});

describe('a comment', () => {
  it('is found by marker and author, on a later page too', async () => {
    const others = Array.from({ length: 100 }, (_, i) => githubComment(i + 1, 'mona', `<!-- mark --> ${i}`));
    const forge = await github({
      [`GET ${BASE}/issues/1347/comments`]: ({ query }) => ({
        body: query.get('page') === '2' ? [githubComment(200, 'SignalBox', 'done <!-- mark -->')] : others,
      }),
    });
    await expect(forge.findComment(REPOSITORY, 1347, '<!-- mark -->')).resolves.toEqual({
      id: 200,
      body: 'done <!-- mark -->',
      author: 'SignalBox',
    });
    await expect(forge.findComment(REPOSITORY, 1347, '<!-- other -->')).resolves.toBeNull();
  });

  it('is looked for on a bounded number of pages', async () => {
    const page = Array.from({ length: 100 }, (_, i) => githubComment(i + 1, 'mona', 'x'));
    const forge = await github({ [`GET ${BASE}/issues/1347/comments`]: { body: page } });
    await expect(forge.findComment(REPOSITORY, 1347, 'mark')).resolves.toBeNull();
    expect(asked().length).toBeLessThan(30);
  });

  it('is written, and edited unless it is gone', async () => {
    const forge = await github({
      [`POST ${BASE}/issues/1347/comments`]: ({ body }) => ({
        status: 201,
        body: githubComment(5, 'signalbox', (body as { body: string }).body),
      }),
      [`PATCH ${BASE}/issues/comments/5`]: { body: githubComment(5, 'signalbox', 'new') },
    });
    await expect(forge.comment(REPOSITORY, 1347, 'text')).resolves.toEqual({
      id: 5,
      body: 'text',
      author: 'signalbox',
    });
    await forge.editComment(REPOSITORY, 5, 'new');
    await expect(forge.editComment(REPOSITORY, 6, 'new')).rejects.toMatchObject({ code: 'not_found' });
    expect(sent('PATCH')[0]?.body).toEqual({ body: 'new' });
  });
});

it('a status has what GitHub takes of its description', async () => {
  const forge = await github({ [`POST ${BASE}/statuses/${SHA}`]: { status: 201, body: {} } });
  const status = { state: 'pending', context: 'signalbox', description: 'd'.repeat(200), url: null } as const;
  await forge.setStatus(REPOSITORY, SHA, status);
  await forge.setStatus(REPOSITORY, SHA, {
    ...status,
    description: 'd',
    url: 'http://signalbox.test/tasks/1',
  });
  expect(sent('POST').map(({ body }) => body)).toEqual([
    { state: 'pending', context: 'signalbox', description: 'd'.repeat(140) },
    { state: 'pending', context: 'signalbox', description: 'd', target_url: 'http://signalbox.test/tasks/1' },
  ]);
});

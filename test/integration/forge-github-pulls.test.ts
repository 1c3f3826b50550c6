/**
 * Pull requests and reviews of the client for GitHub, against a script, not against GitHub, which cannot run here: the
 * answers have the shapes of its REST documentation, the behaviour is what that documentation says.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { NewReview } from '../../activities/forge/forge';
import { githubPull, githubRefusal, githubReview, githubUser, SHA } from '../helpers/github-shapes';
import { BASE, githubScripts, REPOSITORY, type Route } from '../helpers/scripted-github';

const { github, sent, close } = githubScripts();

afterEach(close);

describe('a pull request', () => {
  const wanted = { title: 't', body: 'Closes #1347', head: 'new-topic', base: 'main' };

  it('is opened when there is none', async () => {
    const forge = await github({
      [`GET ${BASE}/pulls`]: { body: [] },
      [`POST ${BASE}/pulls`]: { status: 201, body: githubPull() },
    });
    await expect(forge.openPull(REPOSITORY, wanted)).resolves.toMatchObject({ number: 1347, open: true });
    expect(sent('POST')[0]?.body).toEqual(wanted);
    expect(Object.fromEntries(sent('GET')[0]?.query ?? [])).toEqual({
      state: 'open',
      head: 'octocat:new-topic',
      base: 'main',
    });
  });

  it('that is there is found instead', async () => {
    // A list does not tell `merged`.
    const forge = await github({ [`GET ${BASE}/pulls`]: { body: [{ ...githubPull(), merged: undefined }] } });
    await expect(forge.openPull(REPOSITORY, wanted)).resolves.toMatchObject({ number: 1347, merged: false });
    expect(sent('POST')).toEqual([]);
  });

  it('that somebody opens meanwhile is found too', async () => {
    const error = {
      resource: 'PullRequest',
      code: 'custom',
      message: 'A pull request already exists for octocat:new-topic.',
    };
    const forge = await github({
      [`GET ${BASE}/pulls`]: () => ({ body: sent('POST').length === 0 ? [] : [githubPull()] }),
      [`POST ${BASE}/pulls`]: { status: 422, body: githubRefusal('Validation Failed', [error]) },
    });
    await expect(forge.openPull(REPOSITORY, wanted)).resolves.toMatchObject({ number: 1347 });
  });

  it('without commits is refused', async () => {
    const forge = await github({
      [`GET ${BASE}/pulls`]: { body: [] },
      [`POST ${BASE}/pulls`]: {
        status: 422,
        body: githubRefusal('Validation Failed', [
          { resource: 'PullRequest', field: 'head', code: 'invalid' },
        ]),
      },
    });
    await expect(forge.openPull(REPOSITORY, wanted)).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringMatching(/422.*head, invalid/),
    });
  });
});

describe('a review', () => {
  const DIFF = 'diff --git a/a.ts b/a.ts\n--- a/a.ts\n+++ b/a.ts\n@@ -1 +1,2 @@\n x\n+y\n';
  const review: NewReview = {
    event: 'request_changes',
    body: 'Not yet',
    head_sha: SHA,
    findings: [
      { file: 'a.ts', line: 2, message: 'shown' },
      { file: 'a.ts', line: 90, message: 'not shown' },
      { file: 'b.ts', line: 1, message: 'not changed' },
      { message: 'nowhere' },
    ],
  };
  const routes = (author: string, posted: Route, there: object[] = []): Record<string, Route> => ({
    [`GET ${BASE}/pulls/1347`]: ({ headers }) =>
      headers.accept?.includes('diff') ? { body: DIFF } : { body: githubPull({ user: githubUser(author) }) },
    [`GET ${BASE}/pulls/1347/reviews`]: { body: there },
    [`POST ${BASE}/pulls/1347/reviews`]: posted,
  });

  it('has its comments on the lines that GitHub takes', async () => {
    const forge = await github(
      routes('octocat', { body: githubReview(1, 'signalbox', 'CHANGES_REQUESTED') }),
    );
    await expect(forge.review(REPOSITORY, 1347, review)).resolves.toBe(true);
    expect(sent('POST').map(({ body }) => body)).toEqual([
      {
        event: 'REQUEST_CHANGES',
        body: 'Not yet',
        commit_id: SHA,
        comments: [{ path: 'a.ts', line: 2, side: 'RIGHT', body: 'shown' }],
      },
    ]);
  });

  it('goes without them rather than not at all', async () => {
    const refusal = { status: 422, body: githubRefusal('Unprocessable Entity', []) };
    const forge = await github(
      routes('octocat', ({ body }) =>
        (body as { comments: object[] }).comments.length > 0 ? refusal : { body: {} },
      ),
    );
    await expect(forge.review(REPOSITORY, 1347, review)).resolves.toBe(true);
    expect(sent('POST')).toHaveLength(2);
  });

  it('of one’s own pull request is told apart', async () => {
    const refusal = { status: 422, body: githubRefusal('Unprocessable Entity', []) };
    const forge = await github(routes('Signalbox', refusal));
    await expect(forge.review(REPOSITORY, 1347, review)).resolves.toBe(false);
    await expect(forge.review(REPOSITORY, 1347, { ...review, event: 'approve', findings: [] })).resolves.toBe(
      false,
    );
    expect(sent('POST')).toHaveLength(2);
  });

  it('that GitHub does not take for another reason is an error', async () => {
    const forge = await github(
      routes('octocat', { status: 422, body: githubRefusal('Unprocessable Entity', []) }),
    );
    await expect(forge.review(REPOSITORY, 1347, review)).rejects.toMatchObject({ code: 'rejected' });
  });

  it('is not repeated', async () => {
    const there = [githubReview(1, 'signalbox', 'CHANGES_REQUESTED', 'Not yet\r\n')];
    const forge = await github(routes('octocat', { body: {} }, there));
    await expect(forge.review(REPOSITORY, 1347, review)).resolves.toBe(true);
    expect(sent('POST')).toEqual([]);
    await forge.review(REPOSITORY, 1347, { ...review, body: 'Another' });
    await forge.review(REPOSITORY, 1347, { ...review, event: 'approve' });
    await forge.review(REPOSITORY, 1347, { ...review, head_sha: SHA.replace('6', '7') });
    expect(sent('POST')).toHaveLength(3);
  });
});

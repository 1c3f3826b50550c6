/** Pull requests and reviews: the forge's client against a real Gitea. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Forge, NewReview } from '../../activities/forge/forge';
import { openForge } from '../../activities/forge/open-forge';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser } from '../helpers/gitea';
import { BOT, type GiteaProject, SCOPES, startGiteaProject } from '../helpers/gitea-project';
import type { GiteaRepository } from '../helpers/gitea-repository';
import { lossyHttpProxy } from '../helpers/lossy-http-proxy';

let server: GiteaServer;
let owner: GiteaUser;
let bot: GiteaUser;
let repository: GiteaRepository;
let name: string;
let forge: Forge;
let reviewing: Forge;
let forgeVia: GiteaProject['forgeVia'];

beforeAll(async () => {
  ({ server, owner, bot, repository, forge, reviewing, forgeVia } = await startGiteaProject());
  name = repository.full_name;
}, GITEA_STARTS_IN_MS);

afterAll(() => server?.stop());

/** A pull request of its own, by the bot. */
async function pullOf(
  branch: string,
  files: Record<string, string> = { [`${branch}.txt`]: 'one\ntwo\nthree\n' },
) {
  const sha = await repository.push({ as: bot, branch, files });
  const pull = await forge.openPull(name, {
    title: `Do ${branch}`,
    body: 'Closes #1',
    head: branch,
    base: 'main',
  });
  return { ...pull, sha };
}

describe('a pull request', () => {
  it('is opened once, however often that is asked for', async () => {
    const sha = await repository.push({ as: bot, branch: 'task/10', files: { ten: '10\n' } });
    await expect(forge.findPull(name, 'task/10', 'main')).resolves.toBeNull();
    const wanted = { title: 'Ten', body: 'Closes #1', head: 'task/10', base: 'main' };
    const one = await forge.openPull(name, wanted);
    expect(one).toMatchObject({
      title: 'Ten',
      author: BOT,
      head: { branch: 'task/10', sha, repository: name },
      base: 'main',
      open: true,
      merged: false,
      url: `${server.url}/${name}/pulls/${one.number}`,
    });
    expect(Math.abs(one.updated_at - Date.now())).toBeLessThan(600_000);
    expect((await forge.openPull(name, { ...wanted, title: 'Later' })).number).toBe(one.number);
    expect((await forge.findPull(name, 'task/10', 'main'))?.number).toBe(one.number);
    await expect(forge.pull(name, one.number)).resolves.toMatchObject({ number: one.number, title: 'Ten' });
    await expect(forge.issue(name, one.number)).resolves.toMatchObject({ is_pull: true, body: 'Closes #1' });
  });

  it('whose reply was lost is found, not opened again', async () => {
    await repository.push({ as: bot, branch: 'task/9', files: { nine: '9\n' } });
    let loses = true;
    const proxy = await lossyHttpProxy(server.url, {
      asked: () => {},
      answered: (_, status) => !(loses && status === 201),
    });
    try {
      const far = await forgeVia(`${proxy.urlOf('far')}/forge`);
      const wanted = { title: 'Nine', body: '', head: 'task/9', base: 'main' };
      await expect(far.openPull(name, wanted)).rejects.toMatchObject({ code: 'unavailable' });
      loses = false;
      const found = await forge.findPull(name, 'task/9', 'main');
      expect(found).toMatchObject({ title: 'Nine' });
      await expect(far.openPull(name, wanted)).resolves.toMatchObject({ number: found?.number });
    } finally {
      await proxy.close();
    }
  });

  it('that is open is told from those of the same branches that are closed', async () => {
    const first = await pullOf('task/11');
    await owner.api.repos.repoEditPullRequest('owner', 'project', first.number, { state: 'closed' });
    await expect(forge.findPull(name, 'task/11', 'main')).resolves.toBeNull();
    const second = await pullOf('task/11', { eleven: 'again' });
    expect(second.number).toBeGreaterThan(first.number);
    expect((await forge.findPull(name, 'task/11', 'main'))?.number).toBe(second.number);
    expect((await forge.openPull(name, { title: 'x', body: '', head: 'task/11', base: 'main' })).number).toBe(
      second.number,
    );
  });

  it('may be for a branch with odd characters', async () => {
    await repository.push({ as: bot, branch: 'release/1.0 beta'.replace(' ', '-'), files: { base: 'b' } });
    await repository.push({ as: bot, branch: 'task/12-50%-#1', files: { twelve: '12' } });
    const wanted = { title: 'Twelve', body: '', head: 'task/12-50%-#1', base: 'release/1.0-beta' };
    const made = await forge.openPull(name, wanted);
    expect((await forge.findPull(name, wanted.head, wanted.base))?.number).toBe(made.number);
    await expect(forge.findPull(name, wanted.head, 'main')).resolves.toBeNull();
  });

  it('without changes, or of no branch, is refused', async () => {
    const of = (head: string) => forge.openPull(name, { title: 'x', body: '', head, base: 'main' });
    await expect(of('no-such-branch')).rejects.toMatchObject({ code: 'not_found' });
    await expect(of('main')).rejects.toMatchObject({ code: 'rejected' });
  });

  it('is merged, and still known by its branch when that is gone', async () => {
    const { number: pull, sha } = await pullOf('task/13');
    await repository.merge(owner, pull);
    await owner.api.repos.repoDeleteBranch('owner', 'project', encodeURIComponent('task/13'));
    await expect(forge.pull(name, pull)).resolves.toMatchObject({
      open: false,
      merged: true,
      head: { branch: 'task/13', sha },
    });
    await expect(forge.findPull(name, 'task/13', 'main')).resolves.toBeNull();
  });

  it('has a diff, of which no more is read than wanted', async () => {
    const { number: pull } = await pullOf('task/14', {
      'a.txt': 'a\n'.repeat(100),
      'b.txt': 'b\n'.repeat(5_000),
    });
    const whole = await forge.diff(name, pull);
    expect(whole).toMatch(/^diff --git a\/a\.txt b\/a\.txt\n/);
    expect(whole).toContain('+b\n');
    const token = await server.tokenFor(BOT, SCOPES);
    const cut = await openForge({ kind: 'gitea', url: server.url, token, diffMaxBytes: 2_000 }).diff(
      name,
      pull,
    );
    expect(cut).toMatch(/^# This diff is longer than 2000 bytes/);
    expect(cut).toContain('+a\n');
    expect(cut).not.toContain('b.txt');
    await expect(forge.diff(name, 999_999)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a review', () => {
  const rejection = (head_sha: string, file: string): NewReview => ({
    event: 'request_changes',
    body: 'Two things',
    head_sha,
    findings: [
      { file, line: 2, message: 'This line is wrong' },
      { file, line: 3, message: 'And this one' },
      { file, line: 77, message: 'Not in the change' },
      { file: 'other.txt', line: 1, message: 'Not in the change either' },
      { message: 'All of it' },
    ],
  });
  const reviewsOf = async (pull: number) =>
    (await owner.api.repos.repoListPullReviews('owner', 'project', pull)).data.map(({ state, body }) => ({
      state,
      body,
    }));

  it('has comments on lines, which come back as findings', async () => {
    const { number: pull, sha } = await pullOf('task/30');
    await expect(reviewing.review(name, pull, rejection(sha, 'task/30.txt'))).resolves.toBe(true);
    await expect(reviewsOf(pull)).resolves.toEqual([{ state: 'REQUEST_CHANGES', body: 'Two things' }]);
    const findings = await forge.reviewFindings(name, pull, 'Reviewer', null);
    expect(findings).toHaveLength(2);
    expect(findings).toEqual(
      expect.arrayContaining([
        { file: 'task/30.txt', line: 2, message: 'This line is wrong' },
        { file: 'task/30.txt', line: 3, message: 'And this one' },
      ]),
    );
  });

  it('is posted once, and again for what is pushed after it', async () => {
    const { number: pull, sha } = await pullOf('task/31');
    for (let i = 0; i < 2; i++) await reviewing.review(name, pull, rejection(sha, 'task/31.txt'));
    expect(await reviewsOf(pull)).toHaveLength(1);
    const next = await repository.push({ as: bot, branch: 'task/31', files: { more: 'x' } });
    const approval: NewReview = { event: 'approve', body: '', head_sha: next, findings: [] };
    for (let i = 0; i < 2; i++) await expect(reviewing.review(name, pull, approval)).resolves.toBe(true);
    expect((await reviewsOf(pull)).map(({ state }) => state)).toEqual(['REQUEST_CHANGES', 'APPROVED']);
  });

  it('by people is read by number, and the newest without one', async () => {
    const { number: pull } = await pullOf('task/32');
    const comments = [{ path: 'task/32.txt', new_position: 1, body: 'people say' }];
    const first = await repository.review(owner, pull, { event: 'REQUEST_CHANGES', body: 'no', comments });
    await repository.review(owner, pull, { event: 'COMMENT', body: 'later, without lines' });
    await expect(forge.reviewFindings(name, pull, 'owner', first.id)).resolves.toEqual([
      { file: 'task/32.txt', line: 1, message: 'people say' },
    ]);
    await expect(forge.reviewFindings(name, pull, 'owner', null)).resolves.toEqual([]);
    await expect(forge.reviewFindings(name, pull, 'stranger', null)).resolves.toEqual([]);
  });

  it('of one’s own pull request may only be a comment', async () => {
    const { number: pull, sha } = await pullOf('task/33');
    const review: NewReview = { event: 'approve', body: 'Fine', head_sha: sha, findings: [] };
    await expect(forge.review(name, pull, review)).resolves.toBe(false);
    await expect(forge.review(name, pull, rejection(sha, 'task/33.txt'))).resolves.toBe(false);
    await expect(forge.review(name, pull, { ...review, event: 'comment' })).resolves.toBe(true);
    await expect(reviewsOf(pull)).resolves.toEqual([{ state: 'COMMENT', body: 'Fine' }]);
  });

  it('of a pull request that is closed is refused', async () => {
    const { number: pull, sha } = await pullOf('task/34');
    await repository.merge(owner, pull);
    await expect(reviewing.review(name, pull, rejection(sha, 'x'))).rejects.toMatchObject({
      code: 'rejected',
    });
  });
});

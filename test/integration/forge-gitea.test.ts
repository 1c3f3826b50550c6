/** Every method of the forge's client against a real Gitea that is below a path of its host. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Forge, NewReview } from '../../activities/forge/forge';
import { openForge } from '../../activities/forge/open-forge';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser, startGitea } from '../helpers/gitea';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';
import { lossyHttpProxy } from '../helpers/lossy-http-proxy';

/** docs/forges.md tells people to give these. */
const SCOPES = ['write:repository', 'write:issue', 'read:user'];
const MARKER = '<!-- signalbox:x -->';

let server: GiteaServer;
let owner: GiteaUser;
let bot: GiteaUser;
let repository: GiteaRepository;
let name: string;
let forge: Forge;
let reviewing: Forge;

const forgeWith = (token: string, url = server.url): Forge => openForge({ kind: 'gitea', url, token });
const number = async () => (await repository.createIssue(owner, { title: 'An issue' })).number;

/** A pull request of its own, by the bot. */
async function pullOf(
  branch: string,
  files: Record<string, string> = { [`${branch}.txt`]: 'one\ntwo\nthree\n' },
) {
  const sha = repository.push({ as: bot, branch, files });
  const pull = await forge.openPull(name, {
    title: `Do ${branch}`,
    body: 'Closes #1',
    head: branch,
    base: 'main',
  });
  return { ...pull, sha };
}

beforeAll(async () => {
  server = await startGitea();
  owner = await server.createUser('owner');
  bot = await server.createUser('signalbox-bot');
  for (const login of ['reviewer', 'stranger']) await server.createUser(login);
  repository = await createRepository(server, owner, 'project');
  name = repository.full_name;
  for (const login of ['signalbox-bot', 'reviewer']) await repository.addCollaborator(login, 'write');
  forge = forgeWith(await server.tokenFor('signalbox-bot', SCOPES));
  reviewing = forgeWith(await server.tokenFor('reviewer', SCOPES));
}, GITEA_STARTS_IN_MS);

afterAll(() => server?.stop());

describe('reading', () => {
  it('knows whose token it has', async () => {
    await expect(forge.me()).resolves.toBe('signalbox-bot');
  });

  it('an issue with its labels', async () => {
    const made = await repository.createIssue(owner, {
      title: 'Fix it',
      body: 'It is broken',
      labels: ['signalbox', 'agent:code'],
    });
    const issue = await forge.issue(name, made.number);
    expect(issue).toEqual({
      number: made.number,
      title: 'Fix it',
      body: 'It is broken',
      open: true,
      labels: expect.arrayContaining(['signalbox', 'agent:code']),
      url: `${server.url}/${name}/issues/${made.number}`,
      is_pull: false,
    });
    await expect(forge.issue(name, 999_999)).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each(['task/1-a', 'task/deep/er/2', 'task/3-100%-#1'])('the head of the branch %s', async (branch) => {
    const sha = repository.push({ as: bot, branch, files: { a: branch } });
    await expect(forge.branchHead(name, branch)).resolves.toBe(sha);
    await expect(forge.branchHead(name, `${branch}-more`)).resolves.toBeNull();
    await expect(forge.branchHead(name, 'task')).resolves.toBeNull();
  });

  it('permissions, as far as an administrator of the repository is told', async () => {
    await repository.addCollaborator('stranger', 'read');
    const asAdmin = forgeWith(await server.tokenFor('owner', SCOPES));
    const logins = ['owner', 'Signalbox-Bot', 'stranger', 'nobody-of-this-name'];
    const all = await Promise.all(logins.map((login) => asAdmin.permission(name, login)));
    expect(all).toEqual(['admin', 'write', 'read', 'none']);
  });

  it('permissions, as far as others are told', async () => {
    const logins = ['owner', 'signalbox-bot', 'Reviewer', 'stranger', 'nobody-of-this-name'];
    const all = await Promise.all(logins.map((login) => forge.permission(name, login)));
    expect(all).toEqual(['write', 'write', 'write', 'none', 'none']);
  });
});

describe('a pull request', () => {
  it('is opened once, however often that is asked for', async () => {
    const sha = repository.push({ as: bot, branch: 'task/10', files: { ten: '10\n' } });
    await expect(forge.findPull(name, 'task/10', 'main')).resolves.toBeNull();
    const wanted = { title: 'Ten', body: 'Closes #1', head: 'task/10', base: 'main' };
    const one = await forge.openPull(name, wanted);
    expect(one).toMatchObject({
      title: 'Ten',
      author: 'signalbox-bot',
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
    repository.push({ as: bot, branch: 'task/9', files: { nine: '9\n' } });
    let loses = true;
    const proxy = await lossyHttpProxy(server.url, {
      asked: () => {},
      answered: (_, status) => !(loses && status === 201),
    });
    try {
      const far = forgeWith(await server.tokenFor('signalbox-bot', SCOPES), `${proxy.urlOf('far')}/forge`);
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
    repository.push({ as: bot, branch: 'release/1.0 beta'.replace(' ', '-'), files: { base: 'b' } });
    repository.push({ as: bot, branch: 'task/12-50%-#1', files: { twelve: '12' } });
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
    const token = await server.tokenFor('signalbox-bot', SCOPES);
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

describe('a comment', () => {
  it('is found by its marker and its author', async () => {
    const issue = await number();
    await owner.api.repos.issueCreateComment('owner', 'project', issue, { body: `I am it ${MARKER}` });
    await forge.comment(name, issue, 'without');
    await expect(forge.findComment(name, issue, MARKER)).resolves.toBeNull();
    const made = await forge.comment(name, issue, `Working on it ${MARKER}`);
    expect(made).toMatchObject({ author: 'signalbox-bot', body: `Working on it ${MARKER}` });
    await expect(forge.findComment(name, issue, MARKER)).resolves.toEqual(made);
    await forge.editComment(name, made.id, `Done ${MARKER}`);
    await expect(forge.findComment(name, issue, MARKER)).resolves.toEqual({
      ...made,
      body: `Done ${MARKER}`,
    });
  });

  it('whose reply was lost is found, not written again', async () => {
    const issue = await number();
    let loses = true;
    const proxy = await lossyHttpProxy(server.url, {
      asked: () => {},
      answered: ({ path }) => !(loses && path.endsWith('/comments')),
    });
    try {
      const far = forgeWith(await server.tokenFor('signalbox-bot', SCOPES), `${proxy.urlOf('far')}/forge`);
      await expect(far.comment(name, issue, `Here ${MARKER}`)).rejects.toMatchObject({ code: 'unavailable' });
      loses = false;
      await expect(far.findComment(name, issue, MARKER)).resolves.toMatchObject({ body: `Here ${MARKER}` });
    } finally {
      await proxy.close();
    }
  });

  it('that somebody deleted is gone, and so is one on an issue that is not there', async () => {
    const issue = await number();
    const { id } = await forge.comment(name, issue, MARKER);
    await owner.api.repos.issueDeleteComment('owner', 'project', id);
    await expect(forge.editComment(name, id, 'x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(forge.findComment(name, issue, MARKER)).resolves.toBeNull();
    await expect(forge.comment(name, 999_999, 'x')).rejects.toMatchObject({ code: 'not_found' });
    await expect(forge.findComment(name, 999_999, 'x')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a commit status', () => {
  it('replaces the one before of its context', async () => {
    const sha = repository.push({ as: bot, branch: 'task/20', files: { twenty: '20' } });
    const status = { context: 'signalbox', description: 'Working', url: 'http://127.0.0.1/tasks/20' };
    await forge.setStatus(name, sha, { ...status, state: 'pending' });
    await forge.setStatus(name, sha, { ...status, state: 'success', description: 'Done', url: null });
    const { data } = await owner.api.repos.repoGetCombinedStatusByRef('owner', 'project', sha);
    expect(data.state).toBe('success');
    expect(data.statuses).toHaveLength(1);
    expect(data.statuses?.[0]).toMatchObject({
      context: 'signalbox',
      description: 'Done',
      status: 'success',
    });
  });

  it('of a commit that is not there is an error for good', async () => {
    const status = { state: 'pending', context: 'signalbox', description: '', url: null } as const;
    await expect(forge.setStatus(name, '0123456789'.repeat(4), status)).rejects.toMatchObject({
      code: 'not_found',
    });
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
    const next = repository.push({ as: bot, branch: 'task/31', files: { more: 'x' } });
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

describe('what the forge does not let it do', () => {
  it('a token that it does not know', async () => {
    const wrong = forgeWith('0123456789abcdef0123456789abcdef01234567');
    const error = await wrong.me().catch((why) => why);
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('Make a new one') });
    expect(error.message).not.toContain('0123456789abcdef');
    await expect(wrong.comment(name, 1, 'x')).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('a token without a scope, which is named', async () => {
    const poor = forgeWith(
      await server.tokenFor('signalbox-bot', ['read:issue', 'read:repository', 'read:user']),
    );
    const issue = await number();
    await expect(poor.issue(name, issue)).resolves.toMatchObject({ number: issue });
    await expect(poor.comment(name, issue, 'x')).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('write:issue'),
    });
    const status = { state: 'pending', context: 'signalbox', description: '', url: null } as const;
    await expect(poor.setStatus(name, '0'.repeat(40), status)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('write:repository'),
    });
  });

  it('a repository that its user may not write to, or not see', async () => {
    const stranger = forgeWith(await server.tokenFor('stranger', SCOPES));
    const sha = await forge.branchHead(name, 'main');
    const status = { state: 'pending', context: 'signalbox', description: '', url: null } as const;
    await expect(stranger.setStatus(name, sha ?? '', status)).rejects.toMatchObject({ code: 'forbidden' });
    const hidden = await createRepository(server, owner, 'hidden', { isPrivate: true });
    const issue = await hidden.createIssue(owner, { title: 'Hidden' });
    await expect(stranger.issue(hidden.full_name, issue.number)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a repository that was renamed is found by its old name', async () => {
    const old = await createRepository(server, owner, 'old-name');
    const issue = await old.createIssue(owner, { title: 'Moved' });
    await owner.api.repos.repoEdit('owner', 'old-name', { name: 'new-name' });
    await expect(forge.issue(old.full_name, issue.number)).resolves.toMatchObject({ title: 'Moved' });
    await expect(forge.comment(old.full_name, issue.number, 'Hello')).resolves.toMatchObject({
      body: 'Hello',
    });
  });
});

it('a forge that is down is asked again when it is up', async () => {
  await server.down();
  await expect(forge.issue(name, 1)).rejects.toMatchObject({ code: 'unavailable' });
  await server.up();
  await expect(forge.issue(name, 1)).resolves.toMatchObject({ number: 1 });
});

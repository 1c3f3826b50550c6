/** Issues, comments, statuses and refusals: the forge's client against a real Gitea that is below a path of its host. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Forge } from '../../activities/forge/forge';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser } from '../helpers/gitea';
import { BOT, type GiteaProject, SCOPES, startGiteaProject } from '../helpers/gitea-project';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';
import { lossyHttpProxy } from '../helpers/lossy-http-proxy';

let server: GiteaServer;
let owner: GiteaUser;
let bot: GiteaUser;
let repository: GiteaRepository;
let name: string;
let forge: Forge;
let forgeWith: GiteaProject['forgeWith'];
let forgeVia: GiteaProject['forgeVia'];

beforeAll(async () => {
  ({ server, owner, bot, repository, forge, forgeWith, forgeVia } = await startGiteaProject());
  name = repository.full_name;
}, GITEA_STARTS_IN_MS);

afterAll(() => server?.stop());

const MARKER = '<!-- signalbox:x -->';
const number = async () => (await repository.createIssue(owner, { title: 'An issue' })).number;

describe('reading', () => {
  it('knows whose token it has', async () => {
    await expect(forge.me()).resolves.toBe(BOT);
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
    const sha = await repository.push({ as: bot, branch, files: { a: branch } });
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
    const logins = ['owner', BOT, 'Reviewer', 'stranger', 'nobody-of-this-name'];
    const all = await Promise.all(logins.map((login) => forge.permission(name, login)));
    expect(all).toEqual(['write', 'write', 'write', 'none', 'none']);
  });
});

describe('a comment', () => {
  it('is found by its marker and its author', async () => {
    const issue = await number();
    await owner.api.repos.issueCreateComment('owner', 'project', issue, { body: `I am it ${MARKER}` });
    await forge.comment(name, issue, 'without');
    await expect(forge.findComment(name, issue, MARKER)).resolves.toBeNull();
    const made = await forge.comment(name, issue, `Working on it ${MARKER}`);
    expect(made).toMatchObject({ author: BOT, body: `Working on it ${MARKER}` });
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
      const far = await forgeVia(`${proxy.urlOf('far')}/forge`);
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
    const sha = await repository.push({ as: bot, branch: 'task/20', files: { twenty: '20' } });
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

describe('what the forge does not let it do', () => {
  it('a token that it does not know', async () => {
    const wrong = forgeWith('0123456789abcdef0123456789abcdef01234567');
    const error = await wrong.me().catch((why) => why);
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('Make a new one') });
    expect(error.message).not.toContain('0123456789abcdef');
    await expect(wrong.comment(name, 1, 'x')).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('a token without a scope, which is named', async () => {
    const poor = forgeWith(await server.tokenFor(BOT, ['read:issue', 'read:repository', 'read:user']));
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

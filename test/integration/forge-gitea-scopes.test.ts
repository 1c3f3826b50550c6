/** Which scopes of a token each thing needs, on a real Gitea: the table in docs/forges.md is this one. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Forge, isPassing, type NewReview } from '../../activities/forge/forge';
import { openForge } from '../../activities/forge/open-forge';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser, startGitea } from '../helpers/gitea';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';

let server: GiteaServer;
let owner: GiteaUser;
let repository: GiteaRepository;
let name: string;
let sha: string;
let issue: number;
let comment: number;
let pull: number;

beforeAll(async () => {
  server = await startGitea('/');
  owner = await server.createUser('owner');
  await server.createUser('bot');
  repository = await createRepository(server, owner, 'project');
  name = repository.full_name;
  await repository.addCollaborator('bot', 'write');
  sha = await repository.push({ as: owner, branch: 'task/1', files: { one: '1\n' } });
  issue = (await repository.createIssue(owner, { title: 'One' })).number;
  pull = (await repository.openPull(owner, { head: 'task/1', title: 'One' })).number;
  const bot = openForge({ kind: 'gitea', url: server.url, token: await server.tokenFor('bot', ['all']) });
  comment = (await bot.comment(name, issue, 'first')).id;
}, GITEA_STARTS_IN_MS);

afterAll(() => server?.stop());

/** Needed for nothing here: a token must have one. */
const NONE = 'read:misc';
const status = { state: 'pending', context: 'signalbox', description: '', url: null } as const;
const review = (event: NewReview['event']): NewReview => ({
  event,
  body: event,
  head_sha: sha,
  findings: [],
});

const TABLE: Array<[what: string, call: (forge: Forge) => Promise<unknown>, scopes: string[]]> = [
  ['whose token it is', (forge) => forge.me(), ['read:user']],
  ['an issue', (forge) => forge.issue(name, issue), ['read:issue']],
  ['its own comment', (forge) => forge.findComment(name, issue, 'x'), ['read:issue', 'read:user']],
  ['writing a comment', (forge) => forge.comment(name, issue, 'x'), ['write:issue']],
  ['editing a comment', (forge) => forge.editComment(name, comment, 'y'), ['write:issue']],
  ['a comment on a pull request', (forge) => forge.comment(name, pull, 'x'), ['write:issue']],
  ['a pull request', (forge) => forge.pull(name, pull), ['read:repository']],
  ['that of a branch', (forge) => forge.findPull(name, 'task/1', 'main'), ['read:repository']],
  ['a diff', (forge) => forge.diff(name, pull), ['read:repository']],
  ['a branch', (forge) => forge.branchHead(name, 'main'), ['read:repository']],
  ['findings', (forge) => forge.reviewFindings(name, pull, 'owner', null), ['read:repository']],
  ['a permission', (forge) => forge.permission(name, 'owner'), ['read:repository']],
  ['a commit status', (forge) => forge.setStatus(name, sha, status), ['write:repository']],
  ['a review', (forge) => forge.review(name, pull, review('comment')), ['write:repository', 'read:user']],
  ['an approval', (forge) => forge.review(name, pull, review('approve')), ['write:repository', 'read:user']],
];

const forgeWith = async (scopes: string[]) =>
  openForge({ kind: 'gitea', url: server.url, token: await server.tokenFor('bot', [NONE, ...scopes]) });

it.each(TABLE)('%s', async (_, call, scopes) => {
  for (const left of scopes) {
    const less = [
      ...scopes.filter((one) => one !== left),
      ...(left.startsWith('write:') ? [left.replace('write', 'read')] : []),
    ];
    const error = await call(await forgeWith(less)).then(
      () => null,
      (why) => why,
    );
    expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining(left) });
    expect(isPassing(error)).toBe(false);
  }
  await expect(call(await forgeWith(scopes))).resolves.not.toThrow();
});

it('opening a pull request', async () => {
  await repository.push({ as: owner, branch: 'task/2', files: { two: '2\n' } });
  const wanted = { title: 'Two', body: '', head: 'task/2', base: 'main' };
  await expect((await forgeWith(['read:repository'])).openPull(name, wanted)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('write:repository'),
  });
  await expect((await forgeWith(['write:repository'])).openPull(name, wanted)).resolves.toMatchObject({
    open: true,
  });
});

it('a push over HTTP', async () => {
  const push = async (scopes: string[]) => {
    const token = await server.tokenFor('bot', [NONE, ...scopes]);
    return repository.push({
      as: { login: 'bot', token, api: owner.api },
      branch: 'task/3',
      files: { three: '3\n' },
    });
  };
  await expect(push(['read:repository'])).rejects.toThrow(/push .*403/s);
  await expect(push(['write:repository'])).resolves.toMatch(/^[0-9a-f]{40}$/);
});

it('a hook, by who administers the repository', async () => {
  const hookWith = async (login: string, scopes: string[]) =>
    server.apiFor(await server.tokenFor(login, [NONE, ...scopes])).repos.repoCreateHook('owner', 'project', {
      type: 'gitea',
      config: { url: 'http://127.0.0.1:1/', content_type: 'json', secret: 'secret' },
      events: ['push'],
    });
  await expect(hookWith('bot', ['write:repository'])).rejects.toMatchObject({ status: 403 });
  await expect(hookWith('owner', ['read:repository'])).rejects.toMatchObject({ status: 403 });
  await expect(hookWith('owner', ['write:repository'])).resolves.toMatchObject({ status: 201 });
});

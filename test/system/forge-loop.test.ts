/** From an issue on a real Gitea to the merge of its pull request: webhooks in, comments and statuses out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { configSchema } from '../../contracts/config';
import type { Role, RoleDeps } from '../../workers/role';
import { taskWorkflowId } from '../../workflows/names';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { startControl } from '../helpers/control-worker';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser, startGitea } from '../helpers/gitea';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { driveTask } from '../helpers/task-driver';
import { taskInput } from '../helpers/task-input';
import { receipt } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

const SCOPES = ['write:repository', 'write:issue', 'read:user'];
const WEBHOOK_SECRET = 'a secret of the webhooks';

let engine: TestNamespace;
let control: Role;
let api: TestApi;
let gitea: GiteaServer;
let owner: GiteaUser;
let coder: GiteaUser;
let reviewer: GiteaUser;
let repository: GiteaRepository;
let stateDir: string;

beforeAll(async () => {
  gitea = await startGitea();
  owner = await gitea.createUser('owner');
  coder = await gitea.createUser('coder');
  reviewer = await gitea.createUser('reviewer');
  for (const login of ['signalbox-bot', 'judge', 'stranger']) await gitea.createUser(login);
  engine = await createNamespace('forge-loop');
  stateDir = mkdtempSync(join(tmpdir(), 'signalbox-loop-'));
  const source = (review: object) => ({
    kind: 'gitea',
    url: gitea.url,
    token: { from_env: 'TOKEN' },
    webhook_secret: { from_env: 'WEBHOOK_SECRET' },
    review,
  });
  const forges = {
    people: source({}),
    agents: source({ by: 'agents', token: { from_env: 'REVIEW_TOKEN' } }),
  };
  const variables: Record<string, string> = {
    WEBHOOK_SECRET,
    TOKEN: await gitea.tokenFor('signalbox-bot', SCOPES),
    REVIEW_TOKEN: await gitea.tokenFor('judge', SCOPES),
  };
  api = await startTestApi(engine.temporal, {
    config: { forges },
    variables,
    blobs: new DirectoryBlobStore(join(stateDir, 'blobs')),
  });
  control = await startControl(
    engine.temporal,
    {},
    {
      config: configSchema.parse({ forges, public_url: api.url }),
      environment: { home: stateDir, variable: (name) => variables[name] ?? null } as RoleDeps['environment'],
      stateDir: { path: stateDir } as RoleDeps['stateDir'],
    },
  );
}, GITEA_STARTS_IN_MS);

afterAll(async () => {
  await control?.stop();
  await api?.stop();
  await engine?.close();
  await gitea?.stop();
  if (stateDir) rmSync(stateDir, { recursive: true, force: true });
});

async function project(name: string, source: string) {
  repository = await createRepository(gitea, owner, name);
  for (const login of ['signalbox-bot', 'judge', 'coder', 'reviewer']) {
    await repository.addCollaborator(login, 'write');
  }
  await repository.createHook({ url: `${api.url}/webhooks/gitea/${source}`, secret: WEBHOOK_SECRET });
}

const drive = (id: string) =>
  driveTask(engine.client, engine.client.workflow.getHandle(taskWorkflowId(id)), taskInput({ task_id: id }));

const until = (id: string, what: string, over: object) =>
  waitUntil(
    async () => {
      const { view, pull } = await drive(id).report();
      expect({ ...view, pull }).toMatchObject(over);
      return { view, pull };
    },
    { what: `${id}: ${what}` },
  );

const commentsOf = async (issue: number) =>
  (await owner.api.repos.issueGetComments(...at(), issue)).data.map(({ user, body }) => ({
    user: user?.login ?? '',
    body: body ?? '',
  }));
const statusesOf = async (sha: string) =>
  (await owner.api.repos.repoGetCombinedStatusByRef(...at(), sha)).data.statuses ?? [];
const at = () => repository.full_name.split('/') as [string, string];

it('two rounds, with reviews by people, end in a merge', async () => {
  await project('people', 'people');
  const { number } = await repository.createIssue(owner, {
    title: 'Log in',
    body: 'People cannot log in.',
    labels: ['signalbox'],
  });
  const id = `${repository.full_name}#${number}`;
  const { view } = await until(id, 'a task', { status: 'created', title: 'Log in', review: 'required' });
  const branch = view.branch_name;
  const task = drive(id);

  const first = await task.claim('agent:coder');
  const one = repository.push({ as: coder, branch, files: { 'login.txt': 'try\n' } });
  await task.complete({
    epoch: first.epoch,
    holder: 'agent:coder',
    receipt: receipt({ summary: 'Log in works, @owner', artifacts: { commit: one } }),
  });
  const waiting = await until(id, 'a pull request', {
    status: 'review_pending',
    pull: { state: 'open', head_sha: one },
  });
  const pull = waiting.pull?.number ?? 0;
  expect((await owner.api.repos.repoGetPullRequest(...at(), pull)).data).toMatchObject({
    title: 'Log in',
    user: { login: 'signalbox-bot' },
  });
  await waitUntil(async () => (await statusesOf(one)).some(({ status }) => status === 'pending'), {
    what: 'a status on the commit',
  });

  await repository.review(reviewer, pull, {
    event: 'REQUEST_CHANGES',
    body: 'Not yet.',
    comments: [{ path: 'login.txt', new_position: 1, body: 'do, do not try' }],
  });
  const back = await until(id, 'to be sent back', { status: 'created', review_count: 1 });
  expect(back.view.findings).toEqual([
    { message: 'Not yet.' },
    expect.objectContaining({ file: 'login.txt', message: 'do, do not try' }),
  ]);

  const second = await task.claim('agent:coder');
  expect(second.work.findings).toHaveLength(2);
  const two = repository.push({ as: coder, branch, files: { 'login.txt': 'do\n' } });
  await until(id, 'the push', { pull: { head_sha: two } });
  await task.complete({ epoch: second.epoch, holder: 'agent:coder' });
  await until(id, 'the second review', { status: 'review_pending' });
  await repository.review(reviewer, pull, { event: 'APPROVED', body: 'Thank you.' });
  await until(id, 'approval', { status: 'review_pending', pull: { approved: true } });
  await waitUntil(async () => (await statusesOf(two)).some(({ status }) => status === 'success'), {
    what: 'the status to be success',
  });
  await repository.merge(owner, pull);
  expect((await task.handle.result()).view).toMatchObject({ status: 'completed', review_count: 1 });

  const told = await waitUntil(
    async () => {
      const comments = (await commentsOf(number)).filter(({ user }) => user === 'signalbox-bot');
      return comments.some(({ body }) => body.includes('completed')) && comments;
    },
    { what: 'the comment to say completed' },
  );
  expect(told).toHaveLength(1);
  expect((await owner.api.repos.issueGetIssue(...at(), number)).data.state).toBe('closed');
});

it('a verdict of an agent is posted as a review, and counts', async () => {
  await project('agents', 'agents');
  const { number } = await repository.createIssue(owner, { title: 'Log out', labels: ['signalbox'] });
  const id = `${repository.full_name}#${number}`;
  const { view } = await until(id, 'a task', { status: 'created' });
  const task = drive(id);
  const { epoch } = await task.claim('agent:coder');
  const commit = repository.push({ as: coder, branch: view.branch_name, files: { 'logout.txt': 'bye\n' } });
  await repository.openPull(coder, { head: view.branch_name, title: 'Log out' });
  await until(id, 'its pull request', { pull: { state: 'open' } });
  await task.complete({ epoch, holder: 'agent:coder', receipt: receipt({ artifacts: { commit } }) });

  const review = `${id}/review-1`;
  await until(review, 'a review', { status: 'created', not_by: ['agent:coder'] });
  const judging = await drive(review).claim('agent:judge', { capabilities: ['agent:review'] });
  expect(JSON.stringify(judging.work)).toContain('+bye');
  const verdict = { verdict: 'approved', findings: [], confidence: 0.99 };
  await drive(review).complete({
    epoch: judging.epoch,
    holder: 'agent:judge',
    receipt: receipt({ summary: JSON.stringify(verdict) }),
  });
  const { pull } = await until(id, 'approval', { pull: { approved: true } });
  const { data } = await owner.api.repos.repoListPullReviews(...at(), pull?.number ?? 0);
  expect(data).toMatchObject([{ state: 'APPROVED', user: { login: 'judge' } }]);

  await owner.api.repos.issueCreateComment(...at(), number, { body: '/signalbox cancel' });
  await until(id, 'to be cancelled', { status: 'cancelled' });
  await owner.api.repos.issueCreateComment(...at(), number, { body: 'Once more:\n/signalbox retry' });
  await until(id, 'to run again', { status: 'created', epoch: 2 });
  const stranger = gitea.apiFor(await gitea.tokenFor('stranger', SCOPES));
  await stranger.repos.issueCreateComment(...at(), number, { body: '/signalbox cancel' });
  await waitUntil(async () => (await commentsOf(number)).some(({ body }) => body.includes('may write')), {
    what: 'a polite answer',
  });
  await owner.api.repos.issueEditIssue(...at(), number, { state: 'closed' });
  await until(id, 'to be cancelled by the issue', { status: 'cancelled' });
});

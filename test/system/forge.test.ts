/** From an issue on a real Gitea to a merged pull request, with every role of Signalbox in a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Api } from '../../examples/demo/api';
import { everythingShown } from '../helpers/everything-shown';
import { createFleet, type Fleet, untilAnswered } from '../helpers/fleet';
import { GITEA_STARTS_IN_MS, type GiteaServer, type GiteaUser, startGitea } from '../helpers/gitea';
import { createRepository, type GiteaRepository } from '../helpers/gitea-repository';
import { waitUntil } from '../helpers/wait-until';

jest.setTimeout(600_000);

const SECRET = 'a-webhook-secret-of-the-tests';
const BODY_SENTINEL = 'sentinel-in-the-issue-7f3a';
const LONG_MS = 120_000;

let directory: string;
let gitea: GiteaServer;
let bot: GiteaUser;
let rita: GiteaUser;
let coder: GiteaUser;
let stranger: GiteaUser;
let fleet: Fleet;
let agent: Api;
let repository: GiteaRepository;
let made = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signalbox-forge-'));
  gitea = await startGitea();
  bot = await gitea.createUser('signalbox-bot');
  rita = await gitea.createUser('rita');
  coder = await gitea.createUser('coder');
  stranger = await gitea.createUser('stranger');
  const reviewer = await gitea.createUser('review-bot');
  const secret = (name: string, value: string) => {
    writeFileSync(join(directory, name), `${value}\n`, { mode: 0o600 });
    return { from_file: join(directory, name) };
  };
  const source = {
    kind: 'gitea',
    url: gitea.url,
    token: secret('token', bot.token),
    webhook_secret: secret('webhook', SECRET),
    max_retries: 1,
  };
  const review = { by: 'agents', token: secret('reviewer', reviewer.token) };
  fleet = await createFleet({
    forges: { people: source, agents: { ...source, product: 'reviewed', review } },
    backoff: { initial_ms: 10, max_ms: 100 },
  });
  await fleet.start('temporal', 'worker', 'api');
  agent = await fleet.agent('coder-agent');
}, GITEA_STARTS_IN_MS);

afterAll(async () => {
  await fleet?.stop();
  await gitea?.stop();
  if (directory) rmSync(directory, { recursive: true, force: true });
});

afterEach(async () => {
  const seen = await everythingShown(fleet);
  expect(seen.some((text) => text.includes('delivery/'))).toBe(true);
  for (const text of seen) {
    for (const hidden of [BODY_SENTINEL, SECRET, bot.token]) expect(text).not.toContain(hidden);
  }
});

/** A repository of its own for each test, with a hook to the source. */
async function prepare(source: 'people' | 'agents'): Promise<void> {
  repository = await createRepository(gitea, gitea.admin, `widget-${++made}`);
  for (const user of [bot, rita, coder]) await repository.addCollaborator(user.login, 'write');
  await repository.addCollaborator('review-bot', 'write');
  await repository.createHook({ url: `${fleet.url}/webhooks/gitea/${source}`, secret: SECRET });
}

const newIssue = (labels = ['signalbox']) =>
  repository.createIssue(rita, { title: 'Add a greeting', body: `Say hello. ${BODY_SENTINEL}`, labels });
const at = () => repository.full_name.split('/') as [string, string];
const taskId = (issue: number) => `${repository.full_name}#${issue}`;
const path = (issue: number) => `/tasks/${encodeURIComponent(taskId(issue))}`;

async function task(issue: number) {
  return (await fleet.admin.get(path(issue))).body;
}

const becomes = (
  issue: number,
  what: string,
  fits: (task: Awaited<ReturnType<typeof fleet.admin.get>>['body']) => boolean,
) =>
  waitUntil(
    async () => {
      const { status, body } = await fleet.admin.get(path(issue));
      // One that did not answer is shown in part.
      return status === 200 && !body.partial && fits(body) ? body : false;
    },
    { what: `${taskId(issue)} ${what}`, timeoutMs: LONG_MS },
  );

/** The next task, which is to be this one. */
async function take(issue: number, by: Api = agent, labels = ['agent:code'], agent_id = 'coder-agent') {
  const taken = await untilAnswered(
    `a task`,
    () => by.post('/tasks/dequeue', { agent_id, capabilities: labels, wait_ms: 20_000 }),
    200,
  );
  expect(taken.body.task.id).toBe(taskId(issue));
  return taken.body;
}

async function handIn(
  taken: { task: { id: string }; lease: { epoch: number } },
  receipt: object,
  by: Api = agent,
) {
  const answer = await by.post(`/tasks/${encodeURIComponent(taken.task.id)}/complete`, {
    epoch: taken.lease.epoch,
    completion_id: `c-${taken.lease.epoch}`,
    receipt: { status: 'completed', ...receipt },
  });
  expect([200, 202]).toContain(answer.status);
}

const comments = async (issue: number) =>
  (await rita.api.repos.issueGetComments(...at(), issue)).data.filter(
    ({ user }) => user?.login === bot.login,
  );
/** The newest; those of one second come in any order. */
const statusOf = async (sha: string) =>
  (await rita.api.repos.repoListStatuses(...at(), sha)).data.toSorted((a, b) => (b.id ?? 0) - (a.id ?? 0))[0];
const pullsOf = async () => (await rita.api.repos.repoListPullRequests(...at(), { state: 'all' })).data;

describe('an issue on a Gitea', () => {
  it('becomes a task, is sent back once, approved and merged', async () => {
    await prepare('people');
    const issue = await newIssue();
    await becomes(issue.number, 'to be there', ({ status }) => status === 'created');

    const first = await take(issue.number);
    expect(first.task).toMatchObject({ title: 'Add a greeting', repository: repository.clone_url });
    expect(first.task.body).toContain(BODY_SENTINEL);
    const branch = first.task.branch_name;
    const wrong = await repository.push({ as: coder, branch, files: { 'hello.txt': 'good bye\n' } });
    const pull = await repository.openPull(coder, {
      head: branch,
      title: 'A greeting',
      body: `Closes #${issue.number}`,
    });
    await handIn(first, { summary: 'It says hello.', artifacts: { branch, commit: wrong } });
    await becomes(
      issue.number,
      'to wait for a review',
      ({ status, pr_url }) => status === 'review_pending' && pr_url === pull.html_url,
    );
    await waitUntil(async () => (await statusOf(wrong))?.status === 'pending', {
      what: 'the status to be pending',
      timeoutMs: LONG_MS,
    });

    await repository.review(rita, pull.number, {
      event: 'REQUEST_CHANGES',
      body: 'This says good bye.',
      comments: [{ path: 'hello.txt', new_position: 1, body: 'expected hello' }],
    });
    const second = await take(issue.number);
    expect(second.task.branch_name).toBe(branch);
    expect(second.task.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          file: 'hello.txt',
          line: 1,
          message: expect.stringContaining('expected hello'),
        }),
      ]),
    );
    const right = await repository.push({ as: coder, branch, files: { 'hello.txt': 'hello\n' } });
    await handIn(second, { summary: 'Now it does.', artifacts: { branch, commit: right } });
    await becomes(
      issue.number,
      'to wait again',
      ({ status, review_count }) => status === 'review_pending' && review_count === 1,
    );

    await repository.review(rita, pull.number, { event: 'APPROVED', body: 'Fine.' });
    await becomes(issue.number, 'to be approved', ({ pull: known }) => known?.approved === true);
    await waitUntil(async () => (await statusOf(right))?.status === 'success', {
      what: 'the status to be success',
      timeoutMs: LONG_MS,
    });
    await repository.merge(rita, pull.number);
    const done = await becomes(issue.number, 'to be completed', ({ status }) => status === 'completed');
    expect(done).toMatchObject({ retry_count: 0, review_count: 1 });

    await waitUntil(async () => /completed/i.test((await comments(issue.number))[0]?.body ?? ''), {
      what: 'the comment to say so',
      timeoutMs: LONG_MS,
    });
    expect(await comments(issue.number)).toHaveLength(1);
    expect(await pullsOf()).toHaveLength(1);
  });

  it('gets its pull request from Signalbox, and none is lost while the forge is away', async () => {
    await prepare('people');
    const issue = await newIssue();
    const taken = await take(issue.number);
    const branch = taken.task.branch_name;
    const commit = await repository.push({ as: coder, branch, files: { 'a.txt': 'a\n' } });
    await gitea.down();
    await handIn(taken, { summary: 'A file was added.', artifacts: { branch, commit } });
    await becomes(issue.number, 'to wait for a review', ({ status }) => status === 'review_pending');
    await fleet.kill9('worker');
    await gitea.up();
    await fleet.start('worker');
    const known = await becomes(
      issue.number,
      'to have its pull request',
      ({ pull }) => pull?.state === 'open',
    );
    const [pull, ...more] = await pullsOf();
    expect(more).toEqual([]);
    expect(pull).toMatchObject({ title: 'Add a greeting', html_url: known.pr_url });
    expect(pull?.body).toContain(`Closes #${issue.number}`);
    await rita.api.repos.repoEditPullRequest(...at(), pull?.number ?? 0, { state: 'closed' });
    expect(
      await becomes(issue.number, 'to be cancelled', ({ status }) => status === 'cancelled'),
    ).toMatchObject({
      reason: { code: 'pull_closed' },
    });
  });

  it('fails when it is sent back too often, with a comment that says why', async () => {
    await prepare('people');
    const issue = await newIssue();
    let head = '';
    for (const round of [1, 2]) {
      const taken = await take(issue.number);
      const branch = taken.task.branch_name;
      head = await repository.push({ as: coder, branch, files: { 'a.txt': `${round}\n` } });
      await handIn(taken, { summary: `Round ${round}.`, artifacts: { branch, commit: head } });
      const waits = await becomes(
        issue.number,
        'to wait for a review of this round',
        ({ status, pull, receipt }) =>
          status === 'review_pending' && pull?.state === 'open' && receipt?.summary === `Round ${round}.`,
      );
      await repository.review(rita, waits.pull.number, {
        event: 'REQUEST_CHANGES',
        body: `Not that, for the ${round === 1 ? 'first' : 'second'} time.`,
      });
    }
    const failed = await becomes(issue.number, 'to have failed', ({ status }) => status === 'failed');
    expect(failed).toMatchObject({ review_count: 2, reason: { code: 'review_limit' } });
    await waitUntil(async () => /failed.*review_limit/s.test((await comments(issue.number))[0]?.body ?? ''), {
      what: 'the comment to say why',
      timeoutMs: LONG_MS,
    });
    await waitUntil(async () => (await statusOf(head))?.status === 'failure', {
      what: 'the status to be failure',
      timeoutMs: LONG_MS,
    });
  });

  it('obeys those who may, and is polite to the others', async () => {
    await prepare('people');
    const issue = await newIssue([]);
    // A request of which Gitea tells no label at all.
    await repository.setLabels(rita, issue.number, ['signalbox']);
    await becomes(issue.number, 'to be there', ({ status }) => status === 'created');
    const say = (who: GiteaUser, body: string) =>
      who.api.repos.issueCreateComment(...at(), issue.number, { body });
    await say(stranger, '/signalbox cancel');
    await waitUntil(async () => (await comments(issue.number)).length === 2, {
      what: 'an answer to the stranger',
      timeoutMs: LONG_MS,
    });
    expect((await task(issue.number)).status).toBe('created');
    await say(rita, '/signalbox cancel');
    await becomes(issue.number, 'to be cancelled', ({ status }) => status === 'cancelled');
    await say(rita, '/signalbox retry');
    await becomes(issue.number, 'to be there again', ({ status }) => status === 'created');
    await rita.api.repos.issueEditIssue(...at(), issue.number, { state: 'closed' });
    await becomes(issue.number, 'to be cancelled with its issue', ({ status }) => status === 'cancelled');
  });

  it('is reviewed by another agent, who posts a review of its own', async () => {
    await prepare('agents');
    const issue = await newIssue();
    const taken = await take(issue.number);
    const branch = taken.task.branch_name;
    const commit = await repository.push({ as: coder, branch, files: { 'hello.txt': 'hello\n' } });
    await handIn(taken, {
      summary: 'Done.',
      artifacts: { branch, commit },
      usage: { model: 'model-a' },
    });
    await becomes(issue.number, 'to have its pull request', ({ pull }) => pull?.state === 'open');

    const wants = { agent_id: 'reviewer-agent', capabilities: ['agent:review'], wait_ms: 1_000 };
    const reviewer = await fleet.agent('reviewer-agent');
    const review = await untilAnswered(
      'a review task',
      () => reviewer.post('/tasks/dequeue', { ...wants, wait_ms: 20_000 }),
      200,
    );
    expect(review.body.task.id).toBe(`${taskId(issue.number)}/review-1`);
    expect(review.body.task.diff).toContain('+hello');
    const verdict = { verdict: 'approved', findings: [], confidence: 0.95 };
    await handIn(review.body, { summary: JSON.stringify(verdict), usage: { model: 'model-b' } }, reviewer);
    await becomes(issue.number, 'to be approved', ({ pull }) => pull?.approved === true);
    const [pull] = await pullsOf();
    const reviews = (await rita.api.repos.repoListPullReviews(...at(), pull?.number ?? 0)).data;
    expect(reviews).toMatchObject([{ state: 'APPROVED', user: { login: 'review-bot' } }]);
  });
});

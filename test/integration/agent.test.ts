/** The agent library against the real API and engine, with real git and real processes. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../workers/temporal/free-port';
import type { TestApi } from '../helpers/api-server';
import { bareRepository } from '../helpers/bare-repository';
import { type Platform, startPlatform } from '../helpers/platform';
import { processLives, type TestAgents, testAgents } from '../helpers/test-agents';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
/** For the tests; agents use it too unless a test gives them one of their own, to take away. */
let api: TestApi;
let agents: TestAgents;
let directory: string;

beforeAll(async () => {
  platform = await startPlatform('agent', {
    config: { backoff: { initial_ms: 10, max_ms: 100 }, default_timeouts: { lease_ms: 60_000 } },
  });
  ({ api } = platform);
});

afterAll(() => platform?.close());

beforeEach(() => {
  agents = testAgents(api);
  directory = agents.directory;
});

afterEach(() => agents.close());

const commitScript = (file: string) =>
  `echo work > ${file}; git add -A; git -c user.name=T -c user.email=t@example.org commit -qm work; echo finished`;

describe('a task with a repository', () => {
  it('is cloned, worked on and pushed, and its receipt accepted', async () => {
    const origin = bareRepository(directory);
    await agents.start('pusher');
    await agents.create('push', 'pusher', commitScript('a.txt'), {
      repository: origin.path,
      branch_name: 'task/push',
    });
    const task = await agents.untilStatus('push', 'completed');
    expect(task).toMatchObject({
      execution_mode: 'http_pull',
      assigned_agent_id: 'pusher',
      retry_count: 0,
      receipt: { summary: 'finished', artifacts: { branch: 'task/push', changed_files: ['a.txt'] } },
    });
    expect(origin.branches().sort()).toEqual(['main', 'task/push']);
    expect(origin.show(task.receipt.artifacts.commit, 'a.txt')).toBe('work');
    await agents.untilIdle('pusher');
  });

  it('goes on where a failed attempt was, with what that had not committed', async () => {
    const origin = bareRepository(directory);
    await agents.start('retrier');
    const body = 'if [ -e half ]; then cat half; else echo half-done > half; exit 3; fi';
    await agents.create('resume', 'retrier', body, { repository: origin.path, branch_name: 'task/resume' });
    const task = await agents.untilStatus('resume', 'completed');
    expect(task).toMatchObject({ retry_count: 1, receipt: { summary: 'half-done' } });
    // The checkpoint went with the attempt that it was for.
    await agents.untilIdle('retrier');
    expect(origin.branches().sort()).toEqual(['main', 'task/resume']);
  });
});

describe('a template of the agent', () => {
  it('gets a prompt with the findings of a review, and its receipt is read', async () => {
    const origin = bareRepository(directory);
    const prompts = join(directory, 'prompts');
    const program = join(directory, 'program.sh');
    writeFileSync(
      program,
      `cat "$1" > "${prompts}-$SIGNALBOX_EPOCH"\necho '{"status":"completed","summary":"as told","artifacts":{}}'\n`,
    );
    const templates = { mine: { argv: ['sh', program, '{prompt_file}'], cli: 'receipt' as const } };
    await agents.start('crafty', { templates, defaultTemplate: 'mine' });
    await agents.create('reviewed', 'crafty', 'do the thing', {
      template: undefined,
      review: 'required',
      repository: origin.path,
    });
    await agents.untilStatus('reviewed', 'review_pending');
    const findings = [{ message: 'the thing is not done', severity: 'major' }];
    const rejected = await api.post(`${agents.path('reviewed')}/review`, { verdict: 'rejected', findings });
    expect(rejected.status).toBe(200);
    await agents.untilSaid(/was taken .*"reviewed","epoch":2/);
    expect(await agents.untilStatus('reviewed', 'review_pending')).toMatchObject({
      epoch: 2,
      review_count: 1,
      receipt: { summary: 'as told' },
    });
    const prompt = (epoch: number) => readFileSync(`${prompts}-${epoch}`, 'utf8');
    expect(prompt(1)).toContain('do the thing');
    expect(prompt(1)).not.toContain('the thing is not done');
    expect(prompt(2)).toContain('the thing is not done');
  });
});

describe('an agent that is lost in mid-task', () => {
  it('has left a checkpoint, and another agent goes on from there', async () => {
    const origin = bareRepository(directory);
    const own = await platform.another();
    await agents.start('lost', { url: own.url, lease_s: 2, checkpoint_every_ms: 200 });
    const body = 'if [ -e half ]; then cat half; else echo half-done > half; sleep 1000; fi';
    await agents.create('handed-over', 'lost', body, { repository: origin.path, branch_name: 'task/over' });
    const wip = 'signalbox-wip/task/over-1';
    await waitUntil(() => origin.branches().includes(wip), { timeoutMs: 60_000, what: 'a checkpoint' });
    await waitUntil(async () => (await agents.view('handed-over')).checkpoint?.branch === wip, {
      what: 'the server to be told',
    });
    await own.stop();
    await agents.start('finder', { capabilities: ['agent:lost'] });
    const task = await agents.untilStatus('handed-over', 'completed');
    expect(task).toMatchObject({ assigned_agent_id: 'finder', epoch: 2, receipt: { summary: 'half-done' } });
    expect(origin.show(task.receipt.artifacts.commit, 'half')).toBe('half-done');
  });
});

describe('a receipt that is only durable yet', () => {
  it('is asked about until it is accepted, and its checkpoint goes', async () => {
    const origin = bareRepository(directory);
    const gate = join(directory, 'gate');
    await agents.start('asker', { lease_s: 60, checkpoint_every_ms: 200 });
    const body = `${commitScript('a.txt')}; until [ -e ${gate} ]; do sleep 0.05; done`;
    await agents.create('durable', 'asker', body, { repository: origin.path, branch_name: 'task/durable' });
    const wip = 'signalbox-wip/task/durable-1';
    await waitUntil(() => origin.branches().includes(wip), { timeoutMs: 60_000, what: 'a checkpoint' });
    const withWorker = await platform.withoutWorker();
    try {
      writeFileSync(gate, '');
      await agents.untilSaid(/not taken yet.*"why":"202"/);
    } finally {
      await withWorker();
    }
    await agents.untilStatus('durable', 'completed');
    await agents.untilIdle('asker');
    expect(origin.branches().sort()).toEqual(['main', 'task/durable']);
  });
});

describe('an API that is away in mid-task', () => {
  it('gets the receipt when it is back, once, and the work is pushed only then', async () => {
    const origin = bareRepository(directory);
    const gate = join(directory, 'gate');
    const begun = join(directory, 'begun');
    const port = await freePort();
    const own = await platform.another({ port });
    await agents.start('patient', { url: own.url, lease_s: 30 });
    await agents.create(
      'away',
      'patient',
      `touch '${begun}'; until [ -e '${gate}' ]; do sleep 0.05; done; ${commitScript('b.txt')}`,
      {
        repository: origin.path,
        branch_name: 'task/away',
      },
    );
    await agents.untilStatus('away', 'running');
    await waitUntil(() => existsSync(begun), { timeoutMs: 60_000, what: 'the run to begin' });
    await own.stop();
    writeFileSync(gate, '');
    await agents.untilSaid(/run has ended.*"away"/);
    expect(origin.branches()).toEqual(['main']);
    const again = await platform.another({ port });
    try {
      const task = await agents.untilStatus('away', 'completed');
      expect(task).toMatchObject({ epoch: 1, retry_count: 0, receipt: { summary: 'finished' } });
      expect(origin.branches().sort()).toEqual(['main', 'task/away']);
    } finally {
      await agents.stop();
      await again.stop();
    }
  });

  it('has given the task to another meanwhile: quarantined on both sides, and nothing is pushed', async () => {
    const origin = bareRepository(directory);
    const gate = join(directory, 'gate');
    const begun = join(directory, 'begun');
    const port = await freePort();
    const own = await platform.another({ port });
    await agents.start('slow', { url: own.url, lease_s: 1 });
    await agents.create(
      'stale',
      'slow',
      `touch '${begun}'; until [ -e '${gate}' ]; do sleep 0.05; done; ${commitScript('c.txt')}`,
      {
        repository: origin.path,
        branch_name: 'task/stale',
      },
    );
    await agents.untilStatus('stale', 'running');
    await waitUntil(() => existsSync(begun), { timeoutMs: 60_000, what: 'the run to begin' });
    await own.stop();
    const token = await api.tokenFor('thief');
    const want = { agent_id: 'thief', capabilities: ['agent:slow'], wait_ms: 20_000 };
    const taken = await api.post('/tasks/dequeue', want, { token });
    expect(taken).toMatchObject({ status: 200, body: { task: { id: 'stale' }, lease: { epoch: 2 } } });
    writeFileSync(gate, '');
    await agents.untilSaid(/run has ended.*"stale"/);
    const again = await platform.another({ port });
    try {
      const kept = await agents.untilQuarantined('slow');
      expect(kept).toMatchObject({
        task_id: 'stale',
        epoch: 1,
        kind: 'late_receipt',
        why: { code: 'stale_epoch' },
        quarantine_id: expect.any(String),
      });
      expect(readFileSync(join(kept.work ?? '', 'c.txt'), 'utf8')).toBe('work\n');
      expect(origin.branches()).toEqual(['main']);
      await agents.untilSaid(/came too late.*"stale"/);
      const item = await waitUntil(
        async () =>
          (await api.get('/quarantine')).body.items.find((i: { id: string }) => i.id === kept.quarantine_id),
        { what: 'the receipt in the quarantine of the server' },
      );
      expect(item).toMatchObject({ task_id: 'stale', epoch: 1 });
      expect((await agents.view('stale')).epoch).toBe(2);
    } finally {
      await agents.stop();
      await again.stop();
    }
  });
});

describe('an attempt that is taken away', () => {
  it('is stopped with its whole process tree, and kept here', async () => {
    const pidFile = join(directory, 'pids');
    await agents.start('fenced', { lease_s: 2 });
    await agents.create('cancelled', 'fenced', `sleep 1000 & echo $! $$ > '${pidFile}'; wait`);
    await waitUntil(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), {
      what: 'the run to begin',
    });
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number);
    await agents.untilStatus('cancelled', 'running');
    await api.post(`${agents.path('cancelled')}/cancel`);
    const kept = await agents.untilQuarantined('fenced');
    expect(kept).toMatchObject({ task_id: 'cancelled', kind: 'fenced_abort', receipt: null });
    expect(pids.filter(processLives)).toEqual([]);
  });
});

describe('an agent that is told to stop', () => {
  it('drains: finishes and reports what it has, and takes no more', async () => {
    const gate = join(directory, 'gate');
    const agent = await agents.start('drainer');
    await agents.create('last', 'drainer', `until [ -e '${gate}' ]; do sleep 0.05; done; echo finished`);
    await agents.untilStatus('last', 'running');
    agent.drain();
    await agents.create('not-mine', 'drainer', 'true');
    writeFileSync(gate, '');
    await agent.ended;
    expect(await agents.untilStatus('last', 'completed')).toMatchObject({ retry_count: 0 });
    expect(await agents.view('not-mine')).toMatchObject({ status: 'created', epoch: 0 });
  });

  it('now: kills the run and gives the task back with a checkpoint', async () => {
    const origin = bareRepository(directory);
    const agent = await agents.start('stopper');
    await agents.create('given', 'stopper', 'echo some > half; echo $$ > pid; sleep 1000', {
      repository: origin.path,
      branch_name: 'task/given',
    });
    const work = join(agents.stateDir('stopper'), 'work');
    const pidFile = await waitUntil(
      () =>
        existsSync(work) &&
        readdirSync(work)
          .map((name) => join(work, name, 'pid'))
          .find((file) => existsSync(file) && readFileSync(file, 'utf8') !== ''),
      { timeoutMs: 60_000, what: 'the run to begin' },
    );
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await agents.untilStatus('given', 'running');
    agent.drain();
    agent.stop();
    await agent.ended;
    expect(processLives(pid)).toBe(false);
    const task = await agents.untilStatus('given', 'created');
    expect(task).toMatchObject({
      retry_count: 0,
      checkpoint: { branch: 'signalbox-wip/task/given-1', commit: expect.any(String) },
    });
    expect(origin.show(task.checkpoint.commit, 'half')).toBe('some');
    expect(readdirSync(join(agents.stateDir('stopper'), 'outbox'))).toEqual([]);
  });
});

describe('what an agent is refused', () => {
  it('a state directory that another agent has', async () => {
    await agents.start('first');
    const second = agents.start('second', { stateDir: agents.stateDir('first') });
    await expect(second).rejects.toMatchObject({ code: 'lock_held' });
  });

  it('a start with a token that the server does not take', async () => {
    const refused = agents.start('nobody', { token: 'none' });
    await expect(refused).rejects.toMatchObject({ code: 'agent_refused' });
  });
});

/** The agent library against the real API and engine, with real git and real processes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { listQuarantine } from '../../agent/quarantine';
import { type AgentOptions, SignalboxAgent } from '../../agent/signalbox-agent';
import type { Role } from '../../workers/role';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { bareRepository } from '../helpers/bare-repository';
import { startControl } from '../helpers/control-worker';
import { launchersBelow } from '../helpers/local-host';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { waitUntil } from '../helpers/wait-until';

jest.setTimeout(120_000);

let engine: TestNamespace;
let control: Role;
/** For the tests; agents use it too unless a test gives them one of their own, to take away. */
let api: TestApi;
let directory: string;
const agents: SignalboxAgent[] = [];

beforeAll(async () => {
  engine = await createNamespace('agent');
  control = await startControl(engine.temporal);
  api = await startTestApi(engine.temporal, {
    config: { backoff: { initial_ms: 10, max_ms: 100 }, default_timeouts: { lease_ms: 60_000 } },
  });
});

afterAll(async () => {
  await api?.stop();
  await control?.stop();
  await engine?.close();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signalbox-agent-'));
});

afterEach(async () => {
  for (const agent of agents.splice(0)) {
    agent.stop();
    await agent.ended.catch(() => undefined);
  }
  await waitUntil(() => launchersBelow(directory).length === 0, { what: 'launchers to end' });
  rmSync(directory, { recursive: true, force: true });
});

const logs: string[] = [];
const log = (fields: object, message: string) => logs.push(`${message} ${JSON.stringify(fields)}`);
const logger = { info: log, warn: log, error: log };

async function startAgent(agentId: string, over: Partial<AgentOptions> = {}) {
  const token = await api.tokenFor(agentId);
  const agent = new SignalboxAgent({
    url: api.url,
    token,
    agentId,
    capabilities: [`agent:${agentId}`],
    detect: false,
    stateDir: join(directory, `${agentId}-state`),
    wait_ms: 2_000,
    kill_grace_ms: 300,
    log_every_ms: 100,
    logger,
    ...over,
  });
  agents.push(agent);
  await agent.start();
  return agent;
}

const path = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const view = async (id: string) => (await api.get(path(id))).body;

async function create(id: string, agentId: string, body: string, over: Record<string, unknown> = {}) {
  const task = { id, title: 't', body, labels: [`agent:${agentId}`], template: 'shell', ...over };
  expect(await api.post('/tasks', task)).toMatchObject({ status: 201 });
}

const untilStatus = (id: string, status: string) =>
  waitUntil(
    async () => {
      const task = await view(id);
      return task.status === status && task;
    },
    { timeoutMs: 45_000, what: `${id} to be ${status}; the agent says:\n${logs.slice(-20).join('\n')}` },
  );

const untilIdle = (agentId: string) =>
  waitUntil(() => readdirSync(join(directory, `${agentId}-state`, 'outbox')).length === 0, {
    what: 'an empty outbox',
  });

const commitScript = (file: string) =>
  `echo work > ${file}; git add -A; git -c user.name=T -c user.email=t@example.org commit -qm work; echo finished`;

describe('a task with a repository', () => {
  it('is cloned, worked on and pushed, and its receipt accepted', async () => {
    const origin = bareRepository(directory);
    await startAgent('pusher');
    await create('push', 'pusher', commitScript('a.txt'), {
      repository: origin.path,
      branch_name: 'task/push',
    });
    const task = await untilStatus('push', 'completed');
    expect(task).toMatchObject({
      execution_mode: 'http_pull',
      assigned_agent_id: 'pusher',
      retry_count: 0,
      receipt: { summary: 'finished', artifacts: { branch: 'task/push', changed_files: ['a.txt'] } },
    });
    expect(origin.branches().sort()).toEqual(['main', 'task/push']);
    expect(origin.show(task.receipt.artifacts.commit, 'a.txt')).toBe('work');
    await untilIdle('pusher');
  });

  it('goes on where a failed attempt was, with what that had not committed', async () => {
    const origin = bareRepository(directory);
    await startAgent('retrier');
    const body = 'if [ -e half ]; then cat half; else echo half-done > half; exit 3; fi';
    await create('resume', 'retrier', body, { repository: origin.path, branch_name: 'task/resume' });
    const task = await untilStatus('resume', 'completed');
    expect(task).toMatchObject({ retry_count: 1, receipt: { summary: 'half-done' } });
    // The checkpoint went with the attempt that it was for.
    await untilIdle('retrier');
    expect(origin.branches().sort()).toEqual(['main', 'task/resume']);
  });
});

describe('an API that is away in mid-task', () => {
  it('gets the receipt when it is back, once, and the work is pushed only then', async () => {
    const origin = bareRepository(directory);
    const gate = join(directory, 'gate');
    const own = await startTestApi(engine.temporal, { signingKey: api.signingKey });
    const port = Number(new URL(own.url).port);
    await startAgent('patient', { url: own.url, lease_s: 30 });
    await create('away', 'patient', `until [ -e '${gate}' ]; do sleep 0.05; done; ${commitScript('b.txt')}`, {
      repository: origin.path,
      branch_name: 'task/away',
    });
    await untilStatus('away', 'running');
    await own.stop();
    writeFileSync(gate, '');
    await waitUntil(() => logs.some((line) => /run has ended.*"away"/.test(line)), {
      what: 'the run to end',
    });
    expect(origin.branches()).toEqual(['main']);
    const again = await startTestApi(engine.temporal, { signingKey: api.signingKey, port });
    try {
      const task = await untilStatus('away', 'completed');
      expect(task).toMatchObject({ epoch: 1, retry_count: 0, receipt: { summary: 'finished' } });
      expect(origin.branches().sort()).toEqual(['main', 'task/away']);
    } finally {
      await stopAgents();
      await again.stop();
    }
  });

  it('has given the task to another meanwhile: quarantined on both sides, and nothing is pushed', async () => {
    const origin = bareRepository(directory);
    const gate = join(directory, 'gate');
    const own = await startTestApi(engine.temporal, { signingKey: api.signingKey });
    const port = Number(new URL(own.url).port);
    await startAgent('slow', { url: own.url, lease_s: 1 });
    await create('stale', 'slow', `until [ -e '${gate}' ]; do sleep 0.05; done; ${commitScript('c.txt')}`, {
      repository: origin.path,
      branch_name: 'task/stale',
    });
    await untilStatus('stale', 'running');
    await own.stop();
    const token = await api.tokenFor('thief');
    const want = { agent_id: 'thief', capabilities: ['agent:slow'], wait_ms: 20_000 };
    const taken = await api.post('/tasks/dequeue', want, { token });
    expect(taken).toMatchObject({ status: 200, body: { task: { id: 'stale' }, lease: { epoch: 2 } } });
    writeFileSync(gate, '');
    await waitUntil(() => logs.some((line) => /run has ended.*"stale"/.test(line)), {
      what: 'the run to end',
    });
    const again = await startTestApi(engine.temporal, { signingKey: api.signingKey, port });
    try {
      const kept = await waitUntil(() => listQuarantine(join(directory, 'slow-state', 'quarantine'))[0], {
        timeoutMs: 45_000,
        what: `quarantine:\n${logs.slice(-20).join('\n')}`,
      });
      expect(kept).toMatchObject({
        task_id: 'stale',
        epoch: 1,
        kind: 'late_receipt',
        why: { code: 'stale_epoch' },
        quarantine_id: expect.any(String),
      });
      expect(readFileSync(join(kept.work ?? '', 'c.txt'), 'utf8')).toBe('work\n');
      expect(origin.branches()).toEqual(['main']);
      expect(logs.some((line) => /came too late.*"stale"/.test(line))).toBe(true);
      const item = await waitUntil(
        async () =>
          (await api.get('/quarantine')).body.items.find((i: { id: string }) => i.id === kept.quarantine_id),
        { what: 'the receipt in the quarantine of the server' },
      );
      expect(item).toMatchObject({ task_id: 'stale', epoch: 1 });
      expect((await view('stale')).epoch).toBe(2);
    } finally {
      await stopAgents();
      await again.stop();
    }
  });
});

describe('an attempt that is taken away', () => {
  it('is stopped with its whole process tree, and kept here', async () => {
    const pidFile = join(directory, 'pids');
    await startAgent('fenced', { lease_s: 2 });
    await create('cancelled', 'fenced', `sleep 1000 & echo $! $$ > '${pidFile}'; wait`);
    await waitUntil(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), {
      what: 'the run to begin',
    });
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number);
    await untilStatus('cancelled', 'running');
    await api.post(`${path('cancelled')}/cancel`);
    const kept = await waitUntil(() => listQuarantine(join(directory, 'fenced-state', 'quarantine'))[0], {
      timeoutMs: 30_000,
      what: `the fenced abort:\n${logs.slice(-20).join('\n')}`,
    });
    expect(kept).toMatchObject({ task_id: 'cancelled', kind: 'fenced_abort', receipt: null });
    expect(pids.filter(alive)).toEqual([]);
  });
});

describe('an agent that is told to stop', () => {
  it('drains: finishes and reports what it has, and takes no more', async () => {
    const gate = join(directory, 'gate');
    const agent = await startAgent('drainer');
    await create('last', 'drainer', `until [ -e '${gate}' ]; do sleep 0.05; done; echo finished`);
    await untilStatus('last', 'running');
    agent.drain();
    await create('not-mine', 'drainer', 'true');
    writeFileSync(gate, '');
    await agent.ended;
    expect(await untilStatus('last', 'completed')).toMatchObject({ retry_count: 0 });
    expect(await view('not-mine')).toMatchObject({ status: 'created', epoch: 0 });
  });

  it('now: kills the run and gives the task back with a checkpoint', async () => {
    const origin = bareRepository(directory);
    const agent = await startAgent('stopper');
    await create('given', 'stopper', 'echo some > half; echo $$ > pid; sleep 1000', {
      repository: origin.path,
      branch_name: 'task/given',
    });
    const work = join(directory, 'stopper-state', 'work');
    const pidFile = await waitUntil(
      () =>
        existsSync(work) &&
        readdirSync(work)
          .map((name) => join(work, name, 'pid'))
          .find((file) => existsSync(file) && readFileSync(file, 'utf8') !== ''),
      { timeoutMs: 30_000, what: 'the run to begin' },
    );
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await untilStatus('given', 'running');
    agent.drain();
    agent.stop();
    await agent.ended;
    expect(alive(pid)).toBe(false);
    const task = await untilStatus('given', 'created');
    expect(task).toMatchObject({
      retry_count: 0,
      checkpoint: { branch: 'signalbox-wip/task/given-1', commit: expect.any(String) },
    });
    expect(origin.show(task.checkpoint.commit, 'half')).toBe('some');
    expect(readdirSync(join(directory, 'stopper-state', 'outbox'))).toEqual([]);
  });
});

describe('what an agent is refused', () => {
  it('a state directory that another agent has', async () => {
    await startAgent('first');
    const second = startAgent('second', { stateDir: join(directory, 'first-state') });
    await expect(second).rejects.toMatchObject({ code: 'lock_held' });
    agents.pop();
  });

  it('a start with a token that the server does not take', async () => {
    const refused = startAgent('nobody', { token: 'none' });
    await expect(refused).rejects.toMatchObject({ code: 'agent_refused' });
  });
});

async function stopAgents() {
  for (const agent of agents.splice(0)) {
    agent.stop();
    await agent.ended;
  }
}

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A kill is durable and complete: also against what races with it, and with nobody there to carry it out. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { fenceKilled } from '../../api/fence-killed';
import { createLeaseMemory } from '../../api/lease-memory';
import { createDirectory } from '../../dispatch/directory';
import { createVisibilityBudget, type VisibilityBudget } from '../../dispatch/visibility-budget';
import type { Role } from '../../workers/role';
import { claimUpdate } from '../../workflows/messages';
import { taskWorkflowId } from '../../workflows/names';
import { SETTLE_MS } from '../../workflows/rules/kill';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { startControl } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { claimBy } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

let engine: TestNamespace;
let control: Role;
let api: TestApi;
/** A second process of the API: it remembers what it saw, not what the first was told. */
let other: TestApi;
let budget: VisibilityBudget;
/** What a process of the API has of its own. */
let here: Parameters<typeof fenceKilled>[0];

beforeAll(async () => {
  engine = await createNamespace('agent-kill');
  control = await startControl(engine.temporal);
  api = await startTestApi(engine.temporal);
  other = await startTestApi(engine.temporal, { signingKey: api.signingKey });
  const { client } = engine;
  budget = createVisibilityBudget();
  const directory = createDirectory({ client, budget, logger: pino({ level: 'silent' }) });
  here = { client, directory, leases: createLeaseMemory() };
});

afterAll(async () => {
  budget?.close();
  await other?.stop();
  await api?.stop();
  await control?.stop();
  await engine?.close();
});

const receipt = { status: 'completed', summary: 'done' };
const at = (task: string) => `/tasks/${encodeURIComponent(task)}`;
const view = async (task: string) => (await api.get(at(task))).body;

async function registered() {
  const id = `agent-${randomUUID().slice(0, 8)}`;
  const label = `agent:${id}`;
  expect((await api.post('/agents', { agent_id: id, capabilities: [label] })).status).toBe(201);
  const token = await api.tokenFor(id);
  return {
    id,
    label,
    token,
    create: async (over: Record<string, unknown> = {}): Promise<string> =>
      (await api.post('/tasks', { title: 't', body: 'b', labels: [label], ...over })).body.id,
    pull: (via = api, by = token) =>
      via.post('/tasks/dequeue', { agent_id: id, wait_ms: 10_000 }, { token: by }),
    beat: (task: string, more: Record<string, unknown> = {}, via = api) =>
      via.post(`${at(task)}/heartbeat`, { epoch: 1, ...more }, { token }),
    /** As a process of the API does that has not heard of the kill. */
    claim: (task: string, lease_ms: number | null = null) =>
      engine.client.workflow.getHandle(taskWorkflowId(task)).executeUpdate(claimUpdate, {
        args: [
          claimBy(`agent:${id}`, {
            request_id: randomUUID(),
            capabilities: [label],
            not_after: Date.now() + 5_000,
            lease_ms,
          }),
        ],
      }),
    /** What the agent says with a token that is good for one lease, and so is not refused by itself. */
    say: (task: string, verb: string, body: Record<string, unknown>) =>
      api.post(`${at(task)}/${verb}`, { epoch: 1, agent_id: id, ...body }),
    show: async () => (await api.get(`/agents/${id}`)).body,
    kill: () => api.post(`/agents/${id}/kill`, { reason: 'went wild' }),
  };
}

/**
 * A process looks at the agent behind a message for a second at most, and lets the message pass when it knows nothing
 * by then. Until it has heard of the kill, and so has it in memory for a while.
 */
const refuses = (via: TestApi, token: string) =>
  waitUntil(async () => (await via.get('/hosts', { token })).status === 401, {
    what: 'the token to be refused',
  });

/** 202: the sweeps took longer than a caller waits. */
const TAKEN = [200, 202];

const killedAttempt = { outcome: 'killed', failure: { code: 'holder_killed' } };
const isFree = async (task: string) => {
  const seen = await view(task);
  return seen.status === 'created' && seen.lease === null && seen;
};

describe('a kill', () => {
  it('takes all tasks from an agent, uncharged and with how far it came, and refuses its tokens', async () => {
    const agent = await registered();
    const tasks = [await agent.create(), await agent.create()];
    for (const _ of tasks) expect((await agent.pull()).status).toBe(200);
    for (const task of tasks) {
      await waitUntil(
        async () => (await agent.beat(task, { checkpoint: { branch: `wip-${task}` } })).status === 200,
        {
          what: 'the renewal',
        },
      );
    }
    const answer = await agent.kill();
    expect(TAKEN).toContain(answer.status);
    if (answer.status === 200) expect(answer.body.kill.settled).toBe(false);
    const killed = await waitUntil(
      async () => {
        const seen = await agent.show();
        return seen.kill?.fenced.length === 2 && seen.holds.length === 0 && seen;
      },
      { what: 'both to be fenced' },
    );
    expect(killed).toMatchObject({
      admission: 'killed',
      generation: 1,
      kill: { by: 'admin', reason: 'went wild' },
    });
    const { fenced } = killed.kill;
    expect(fenced.map((one: { task_id: string }) => one.task_id).sort()).toEqual([...tasks].sort());
    expect(fenced[0].epoch).toBe(1);
    for (const task of tasks) {
      expect(await view(task)).toMatchObject({
        status: 'created',
        epoch: 2,
        lease: null,
        retry_count: 0,
        checkpoint: { branch: `wip-${task}` },
        attempts: [killedAttempt],
      });
    }
    for (const via of [api, other]) {
      const late = await waitUntil(
        async () => {
          const answer = await agent.beat(tasks[0] ?? '', {}, via);
          return answer.status === 401 && answer;
        },
        // Longest memory of a generation.
        { what: 'the token to be refused', timeoutMs: 4_000 },
      );
      expect(late.body.code).toBe('token_revoked');
    }
    const [first] = tasks as [string];
    await refuses(api, agent.token);
    expect((await agent.say(first, 'heartbeat', {})).body.directive).toBe('terminate');
    expect(await agent.say(first, 'status', { status: 'running' })).toMatchObject({ status: 409 });
    expect(await agent.say(first, 'complete', { receipt, completion_id: 'late' })).toMatchObject({
      status: 409,
      body: { code: 'stale_epoch', quarantine_id: `quarantine/${first}/1/late` },
    });
    const next = await api.post('/tasks/dequeue', {
      agent_id: 'next',
      capabilities: [agent.label],
      wait_ms: 10_000,
    });
    expect(next.body).toMatchObject({ lease: { epoch: 3 }, task: { attempt: 2 } });
  });

  it('is over when nothing from before can come any more, and somebody lets the agent in', async () => {
    const agent = await registered();
    const lapsed = await agent.create();
    await agent.claim(lapsed, 500);
    await waitUntil(async () => (await view(lapsed)).lease?.lapsed, { what: 'the lease to lapse' });
    const killedAt = Date.now();
    await agent.kill();
    const uncordon = () => api.post(`/agents/${agent.id}/uncordon`);
    const early = await uncordon();
    expect(early).toMatchObject({ status: 409, body: { code: 'kill_not_settled' } });
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await api.call('DELETE', `/agents/${agent.id}`)).body.code).toBe('kill_not_settled');
    const task = await agent.create({ priority: 1 });
    const refused = await api.post('/tasks/dequeue', { agent_id: agent.id });
    expect(refused.status).toBe(204);
    expect(refused.headers.get('signalbox-directive')).toBe('quiet');
    expect((await api.post(`${at(task)}/assign`, { agent_id: agent.id })).body.code).toBe('not_admitting');
    const open = await waitUntil(
      async () => {
        const answer = await uncordon();
        return answer.status === 200 && answer;
      },
      { what: 'the kill to settle', timeoutMs: SETTLE_MS + 15_000 },
    );
    expect(Date.now() - killedAt).toBeGreaterThanOrEqual(SETTLE_MS);
    expect(open.body).toMatchObject({ admission: 'open', kill: null });
    await waitUntil(async () => (await agent.show()).admission === 'open', { what: 'the order' });
    await refuses(api, agent.token);
    expect((await agent.pull()).status).toBe(401);
    const fresh = await api.tokenFor(agent.id);
    expect((await agent.pull(api, fresh)).body.task.id).toBe(task);

    // A lease from before the kill, which no sweep could see, is over at its holder's first word.
    const about = { taskId: lapsed, epoch: 1, holder: `agent:${agent.id}` };
    expect(await fenceKilled(here, { ...about, generation: 1 })).toBe(false);
    expect((await view(lapsed)).lease).toMatchObject({ lapsed: true });
    await waitUntil(() => fenceKilled(here, { ...about, generation: 0 }), { what: 'a look at the agent' });
    await waitUntil(() => isFree(lapsed), { what: 'the attempt to end' });

    // Once more, and then forgotten: what a kill refused stays so.
    await agent.kill();
    await waitUntil(async () => (await agent.show()).kill.settled, {
      what: 'it',
      timeoutMs: SETTLE_MS + 15_000,
    });
    expect((await api.call('DELETE', `/agents/${agent.id}`)).status).toBe(204);
    await waitUntil(async () => (await api.get(`/agents/${agent.id}`)).status === 404, {
      what: 'it to be gone',
    });
    for (const token of [agent.token, fresh]) {
      await refuses(api, token);
      expect((await agent.pull(api, token)).status).toBe(401);
    }
    const newest = await api.tokenFor(agent.id);
    expect((await api.post('/tasks/dequeue', { agent_id: agent.id }, { token: newest })).status).toBe(204);
    expect(await agent.show()).toMatchObject({ generation: 2, admission: 'open', kill: null });
    await refuses(other, fresh);
    expect((await agent.pull(other, fresh)).status).toBe(401);
  });
});

describe('what races with a kill', () => {
  it('a claim that is granted after it is taken back', async () => {
    const agent = await registered();
    await agent.kill();
    const task = await agent.create();
    await agent.claim(task);
    const free = await waitUntil(() => isFree(task), { what: 'the sweep', timeoutMs: SETTLE_MS });
    expect(free).toMatchObject({ retry_count: 0, attempts: [killedAttempt] });
    await waitUntil(async () => (await agent.show()).kill.fenced.length > 0, { what: 'it to be told' });
    expect((await agent.show()).kill.fenced).toEqual([{ task_id: task, epoch: 1 }]);
  });

  it('a renewal before any sweep has seen it is answered with the end of the attempt', async () => {
    const agent = await registered();
    await agent.kill();
    const task = await agent.create();
    await agent.claim(task);
    await refuses(api, agent.token);
    expect((await agent.say(task, 'heartbeat', {})).body.directive).toBe('terminate');
    expect(await isFree(task)).toMatchObject({ attempts: [killedAttempt] });
  });

  it.each([
    ['heartbeat', {}, 200],
    ['status', { status: 'running' }, 409],
    ['release', {}, 409],
    ['complete', { receipt, completion_id: 'c' }, 409],
  ])('a lease that had lapsed is over at its holder’s %s', async (verb, body, status) => {
    const agent = await registered();
    const task = await agent.create();
    await agent.claim(task, 500);
    await waitUntil(async () => (await view(task)).lease?.lapsed, { what: 'the lease to lapse' });
    await agent.kill();
    expect((await view(task)).lease).toMatchObject({ lapsed: true });
    await refuses(api, agent.token);
    expect((await agent.say(task, verb, body)).status).toBe(status);
    await waitUntil(() => isFree(task), { what: 'the attempt to end' });
    expect((await view(task)).attempts).toMatchObject([killedAttempt]);
  });

  it('twenty claims by two processes leave it nothing, and charge nobody', async () => {
    const agent = await registered();
    const tasks = await Promise.all(Array.from({ length: 20 }, () => agent.create()));
    await other.post('/tasks/dequeue', { agent_id: 'warm-up', capabilities: ['agent:none'] });
    const pulls = tasks.map((_, i) => agent.pull(i % 2 === 0 ? api : other));
    await Promise.race(pulls);
    const killed = await agent.kill();
    expect(TAKEN).toContain(killed.status);
    expect((await Promise.all(pulls)).map(({ status }) => status)).toContain(200);
    const seen = await waitUntil(
      async () => {
        const views = await Promise.all(tasks.map(view));
        return views.every(({ status, lease }) => status === 'created' && lease === null) && views;
      },
      { what: 'every task to be free', timeoutMs: SETTLE_MS + 5_000 },
    );
    const attempts = seen.flatMap((task) => task.attempts);
    expect(attempts.length).toBeGreaterThan(0);
    for (const { outcome } of attempts) expect(['killed', 'claim given up']).toContain(outcome);
    expect(seen.map(({ retry_count }) => retry_count)).toEqual(tasks.map(() => 0));
    await waitUntil(async () => (await agent.show()).kill.settled, {
      what: 'it',
      timeoutMs: SETTLE_MS + 15_000,
    });
    expect((await Promise.all(tasks.map(view))).every(({ lease }) => lease === null)).toBe(true);
  });

  it('a poll that is parked in another process gets nothing', async () => {
    const agent = await registered();
    const parked = agent.pull(other);
    await waitUntil(async () => (await agent.show()).last_seen_at !== null, { what: 'the agent to wait' });
    await agent.kill();
    const task = await agent.create();
    expect((await parked).status).toBe(204);
    const next = await api.post('/tasks/dequeue', {
      agent_id: 'next',
      capabilities: [agent.label],
      wait_ms: 10_000,
    });
    expect(next.body.task.id).toBe(task);
    expect((await view(task)).retry_count).toBe(0);
  });

  it('a task that was only assigned is free again', async () => {
    const agent = await registered();
    const task = await agent.create();
    expect((await api.post(`${at(task)}/assign`, { agent_id: agent.id })).body.status).toBe('assigned');
    expect(TAKEN).toContain((await agent.kill()).status);
    await waitUntil(() => isFree(task), { what: 'the task to be free' });
    await waitUntil(async () => (await agent.show()).kill.fenced.length > 0, { what: 'it to be told' });
    expect((await agent.show()).kill.fenced).toEqual([{ task_id: task, epoch: null }]);
  });

  it('the absence of every worker delays it, and loses nothing', async () => {
    const agent = await registered();
    const task = await agent.create();
    await agent.pull();
    await control.stop();
    try {
      expect(await agent.kill()).toMatchObject({ status: 202, body: { id: agent.id, pending: true } });
    } finally {
      control = await startControl(engine.temporal);
    }
    await waitUntil(() => isFree(task), { what: 'the sweep', timeoutMs: 60_000 });
    expect((await view(task)).attempts).toMatchObject([killedAttempt]);
    await refuses(api, agent.token);
    expect((await agent.pull()).status).toBe(401);
  });
});

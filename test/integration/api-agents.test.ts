import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holderWorkflowId } from '../../workflows/names';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
/** A second process of the API: it remembers what it saw, not what the first was told. */
let other: TestApi;
/** A third, of whose agents a test can wait until they are away. */
let hasty: TestApi;

const PRESENCE_MS = 2_000;

beforeAll(async () => {
  platform = await startPlatform('api-agents');
  ({ engine, api } = platform);
  other = await platform.another();
  hasty = await platform.another({ config: { presence_ms: PRESENCE_MS } });
});

afterAll(() => platform?.close());

const name = () => `agent-${randomUUID().slice(0, 8)}`;
const show = async (id: string) => (await api.get(`/agents/${id}`)).body;
const historyOf = async (id: string) =>
  (await engine.client.workflow.getHandle(holderWorkflowId(`agent:${id}`)).describe()).historyLength;

async function registered(over: Record<string, unknown> = {}, by = api) {
  const id = name();
  const label = `agent:${id}`;
  const body = { agent_id: id, capabilities: [label], slots: 3, version: '1.2', ...over };
  expect((await by.post('/agents', body)).status).toBe(201);
  // From then on a heartbeat has an activity to go to.
  await waitUntil(async () => (await show(id)).last_seen_at !== null, { what: 'the presence to be kept' });
  const create = async (via = api) =>
    (await via.post('/tasks', { title: 't', body: 'b', labels: [label] })).body.id;
  const pull = (wait_ms = 10_000, via = api) => via.post('/tasks/dequeue', { agent_id: id, wait_ms });
  return { id, label, body, create, pull };
}

describe('an agent', () => {
  it('is shown with what it said and what it holds', async () => {
    const agent = await registered({ health: 'ok', load: 0.25 });
    const task = await agent.create();
    expect((await agent.pull()).body.task.id).toBe(task);
    const shown = await waitUntil(
      async () => {
        const seen = await show(agent.id);
        return seen.holds.length > 0 && seen;
      },
      { what: 'the index' },
    );
    expect(shown).toMatchObject({
      id: agent.id,
      kind: 'agent',
      capabilities: [agent.label],
      slots: 3,
      version: '1.2',
      presence: 'online',
      health: 'ok',
      load: 0.25,
      admission: 'open',
      kill: null,
      holds: [{ task_id: task, status: 'assigned' }],
    });
    const { holders } = (await api.get('/agents')).body;
    expect(holders.find((one: { id: string }) => one.id === agent.id)).toMatchObject({
      health: 'ok',
      load: 0.25,
    });
  });

  it('that is unknown, or of another product, is 404', async () => {
    const id = name();
    expect(await api.get(`/agents/${id}`)).toMatchObject({ status: 404, body: { code: 'unknown_holder' } });
    const red = await api.tokenFor(id, { product: 'red' });
    expect((await api.post('/agents', { agent_id: id }, { token: red })).status).toBe(201);
    const blue = { token: await api.tokenFor('people', { role: 'coordinator', product: 'blue' }) };
    for (const path of ['', '/kill', '/drain']) {
      const answer = await api.call(path ? 'POST' : 'GET', `/agents/${id}${path}`, blue);
      expect(answer).toMatchObject({ status: 404, body: { code: 'unknown_holder' } });
    }
    expect((await api.call('DELETE', `/agents/${id}`, blue)).status).toBe(404);
    expect((await api.get(`/agents/${id}`, { token: red })).body.product).toBe('red');
  });
});

describe('an agent of one product', () => {
  it('cannot be spoken for with a token of another', async () => {
    const id = name();
    const blue = { token: await api.tokenFor(id, { product: 'blue' }) };
    const red = { token: await api.tokenFor(id, { product: 'red' }) };
    expect((await api.post('/agents', { agent_id: id }, red)).status).toBe(201);
    for (const [path, body] of [
      ['/agents', { agent_id: id }],
      ['/tasks/dequeue', { agent_id: id, capabilities: [] }],
    ] as const) {
      expect(await api.post(path, body, blue)).toMatchObject({
        status: 403,
        body: { code: 'wrong_product' },
      });
    }
    expect((await api.post(`/agents/${id}/heartbeat`, {}, blue)).status).toBe(404);
    const another = { agent_id: id, product: 'blue' };
    expect(await api.post('/tokens', another)).toMatchObject({ status: 409, body: { code: 'id_taken' } });
    const people = { token: await api.tokenFor('people', { role: 'admin', product: 'blue' }) };
    expect((await api.post('/agents', { agent_id: id }, people)).body.code).toBe('id_taken');
    expect((await api.get(`/agents/${id}`, red)).body.product).toBe('red');
  });

  it('may be one of none that got a token of it', async () => {
    const agent = await registered();
    const red = { token: await api.tokenFor(agent.id, { product: 'red' }) };
    expect((await api.post('/agents', { agent_id: agent.id }, red)).body.product).toBe('red');
  });
});

describe('a heartbeat of an agent', () => {
  it('tells health and load without a trace in history, and so does the same registration again', async () => {
    const agent = await registered();
    const token = await api.tokenFor(agent.id);
    const before = await historyOf(agent.id);
    for (const [health, load] of [
      ['ok', 0],
      ['degraded', 0.5],
      ['unhealthy', 1],
    ]) {
      const answer = await api.post(`/agents/${agent.id}/heartbeat`, { health, load }, { token });
      expect(answer).toMatchObject({ status: 200, body: { directive: 'continue', presence_s: 60 } });
      expect(await show(agent.id)).toMatchObject({ health, load, presence: 'online' });
    }
    expect((await api.post('/agents', { ...agent.body, load: 0.75 })).body).toMatchObject({ load: 0.75 });
    await agent.pull(0);
    expect(await show(agent.id)).toMatchObject({ health: 'unhealthy', load: 0.75 });
    expect(await historyOf(agent.id)).toBe(before);
  });

  it('changes what it can do', async () => {
    const agent = await registered();
    const answer = await api.post(`/agents/${agent.id}/heartbeat`, { capabilities: ['agent:new'] });
    expect(answer.status).toBe(200);
    await waitUntil(async () => (await show(agent.id)).capabilities[0] === 'agent:new', {
      what: 'the change',
    });
    expect(await show(agent.id)).toMatchObject({ slots: 3, version: '1.2' });
  });

  it('is all that keeps it online', async () => {
    const agent = await registered({}, hasty);
    const until = Date.now() + 2 * PRESENCE_MS;
    let heard = 0;
    await waitUntil(
      async () => {
        heard = Date.now();
        const { body } = await hasty.post(`/agents/${agent.id}/heartbeat`);
        expect(body.presence_s).toBe(PRESENCE_MS / 1_000);
        expect((await show(agent.id)).presence).toBe('online');
        return Date.now() > until;
      },
      { what: 'two presence times' },
    );
    await waitUntil(async () => (await show(agent.id)).presence === 'offline', {
      what: 'the agent to be away',
    });
    expect(Date.now() - heard).toBeGreaterThan(PRESENCE_MS / 2);
    // Looked for from the start: it is back for a short time only.
    const back = waitUntil(async () => (await show(agent.id)).presence === 'online', {
      what: 'the agent to be back',
    });
    await Promise.all([agent.pull(0), back]);
  });

  it('of nobody is 404, and for another 403', async () => {
    const id = name();
    const token = await api.tokenFor(id);
    expect((await api.post(`/agents/${id}/heartbeat`, {}, { token })).body.code).toBe('unknown_holder');
    expect((await api.post('/agents/somebody/heartbeat', {}, { token })).body.code).toBe('wrong_agent');
    expect((await api.post(`/agents/${id}/heartbeat`, { load: 2 }, { token })).status).toBe(400);
  });
});

describe('an agent that is cordoned', () => {
  it.each(['cordon', 'drain'])(
    '(%s) takes nothing, goes on with what it has, and is let in again',
    async (order) => {
      const agent = await registered();
      const token = await api.tokenFor(agent.id);
      const had = await agent.create();
      expect((await agent.pull()).body.task.id).toBe(had);
      const shut = await api.post(`/agents/${agent.id}/${order}`, { reason: 'maintenance' });
      expect(shut).toMatchObject({
        status: 200,
        body: { admission: order === 'drain' ? 'draining' : 'cordoned' },
      });
      const waiting = await agent.create();
      await waitUntil(async () => (await show(agent.id)).admission !== 'open', {
        what: 'the order to be durable',
      });
      const beat = await api.post(`/agents/${agent.id}/heartbeat`, {}, { token });
      expect(beat.body.directive).toBe('quiet');
      const asked = Date.now();
      const none = await agent.pull(300);
      expect(none.status).toBe(204);
      expect(none.headers.get('signalbox-directive')).toBe('quiet');
      expect(Date.now() - asked).toBeGreaterThanOrEqual(290);
      expect(await api.post(`/tasks/${waiting}/assign`, { agent_id: agent.id })).toMatchObject({
        status: 409,
        body: { code: 'not_admitting' },
      });
      const renewed = await api.post(`/tasks/${had}/heartbeat`, { epoch: 1 }, { token });
      expect(renewed.status).toBe(200);
      const receipt = { status: 'completed', summary: 'done' };
      expect(
        (await api.post(`/tasks/${had}/complete`, { epoch: 1, receipt, completion_id: 'c' }, { token }))
          .status,
      ).toBe(200);
      expect((await api.post(`/agents/${agent.id}/uncordon`)).body.admission).toBe('open');
      await waitUntil(async () => (await show(agent.id)).admission === 'open', {
        what: 'the order to be durable',
      });
      const taken = await waitUntil(
        async () => {
          const answer = await agent.pull(500);
          return answer.status === 200 && answer;
        },
        { what: 'the agent to be let in' },
      );
      expect(taken.body).toMatchObject({ task: { id: waiting } });
    },
  );

  it('while its poll is parked elsewhere is given nothing: what it is granted goes to the next', async () => {
    const agent = await registered();
    const parked = agent.pull(8_000, other);
    await waitUntil(async () => (await other.get(`/agents/${agent.id}`)).body.presence === 'online', {
      what: 'it',
    });
    await api.post(`/agents/${agent.id}/cordon`);
    await waitUntil(async () => (await show(agent.id)).admission === 'cordoned', { what: 'the cordon' });
    // For as long as a process may remember that the agent was let in.
    const later = Date.now() + 2_500;
    await waitUntil(async () => Date.now() > later, { what: 'memories to fade' });
    const task = await agent.create(other);
    const next = await api.post('/tasks/dequeue', {
      agent_id: name(),
      capabilities: [agent.label],
      wait_ms: 10_000,
    });
    expect(next.body.task.id).toBe(task);
    expect((await parked).status).toBe(204);
    const { attempts, retry_count } = (await api.get(`/tasks/${task}`)).body;
    expect(
      attempts.filter((a: { holder: string; ended_at: string | null }) => a.ended_at === null),
    ).toHaveLength(1);
    expect(retry_count).toBe(0);
  });
});

describe('an agent that is forgotten', () => {
  it('holds nothing, and is registered again by its next word', async () => {
    const agent = await registered();
    const token = await api.tokenFor(agent.id);
    const task = await agent.create();
    await agent.pull();
    await waitUntil(async () => (await show(agent.id)).holds.length > 0, { what: 'the index' });
    const forget = () => api.call('DELETE', `/agents/${agent.id}`);
    expect(await forget()).toMatchObject({ status: 409, body: { code: 'holds_tasks' } });
    await api.post(`/tasks/${task}/cancel`);
    await waitUntil(async () => (await forget()).status === 204, { what: 'the index' });
    await waitUntil(async () => (await api.get(`/agents/${agent.id}`)).status === 404, {
      what: 'it to be gone',
    });
    expect((await forget()).status).toBe(404);
    const asked = await api.post(
      '/tasks/dequeue',
      { agent_id: agent.id, capabilities: ['agent:x'] },
      { token },
    );
    expect(asked.status).toBe(204);
    expect(await show(agent.id)).toMatchObject({
      capabilities: ['agent:x'],
      presence: 'online',
      version: null,
    });
  });
});

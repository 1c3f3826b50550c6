import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;

beforeAll(async () => {
  platform = await startPlatform('api');
  ({ engine, api } = platform);
});

afterAll(() => platform?.close());

const path = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const receipt = (over = {}) => ({ status: 'completed', summary: 'done', ...over });

describe('the life of a task over REST', () => {
  it('is created, pulled, renewed and completed by an agent with a token of its own', async () => {
    const id = 'org/repo#42';
    const created = await api.post('/tasks', {
      id,
      title: 'fix it',
      body: 'please',
      labels: ['agent:review'],
    });
    expect(created).toMatchObject({
      status: 201,
      body: { id, status: 'created', execution_mode: 'http_pull' },
    });
    expect(created.headers.get('location')).toBe('/api/v1/tasks/org%2Frepo%2342');

    const token = await api.tokenFor('ada');
    const pulled = await api.post(
      '/tasks/dequeue',
      { agent_id: 'ada', capabilities: ['agent:review'], wait_ms: 5_000 },
      { token },
    );
    expect(pulled).toMatchObject({
      status: 200,
      body: {
        task: { id, title: 'fix it', body: 'please', attempt: 1 },
        lease: { epoch: 1, renew_every_s: 20 },
      },
    });
    expect(await api.get('/tasks/org/repo%2342')).toMatchObject({
      status: 200,
      body: { status: 'assigned', assigned_agent_id: 'ada' },
    });

    const beat = await api.post(`${path(id)}/heartbeat`, { epoch: 1, progress: 'half way' }, { token });
    expect(beat).toMatchObject({ status: 200, body: { directive: 'continue' } });
    expect(Date.parse(beat.body.expires_at)).toBeGreaterThan(Date.parse(pulled.body.lease.expires_at) - 1);
    const running = await waitUntil(
      async () => {
        const { body } = await api.get(path(id));
        return body.status === 'running' && body;
      },
      { what: 'the task to run' },
    );
    expect(Math.abs(Date.parse(running.lease.expires_at) - Date.parse(beat.body.expires_at))).toBeLessThan(
      2_000,
    );

    const message = { epoch: 1, receipt: receipt({ artifacts: { branch: 'b' } }), completion_id: 'c1' };
    const done = await api.post('/tasks/org/repo%2342/complete', message, { token });
    expect(done).toMatchObject({ status: 200, body: { status: 'completed', receipt: { manual: false } } });
    expect(await api.get(path(id))).toMatchObject({
      status: 200,
      body: { status: 'completed', lease: null },
    });
    expect(await api.post(`${path(id)}/complete`, message, { token })).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    });
    const { body } = await api.get(`${path(id)}/events`);
    const types = body.events.map((event: { type: string }) => event.type);
    expect(types).toEqual(['created', 'decided', 'granted', 'running', 'receipt_accepted', 'completed']);
  });
});

describe('a server that stops', () => {
  it('lets go of those who wait, at once', async () => {
    const stopping = await startTestApi(engine.temporal);
    const label = `agent:${randomUUID()}`;
    const waiting = Array.from({ length: 20 }, (_, i) =>
      stopping.post('/tasks/dequeue', { agent_id: `w${i}`, capabilities: [label], wait_ms: 50_000 }),
    );
    const waiters = async () =>
      (await stopping.get('/agents')).body.holders.filter(({ id }: { id: string }) => /^w\d+$/.test(id));
    await waitUntil(async () => (await waiters()).length === 20, { what: 'all to wait' });
    const started = Date.now();
    await stopping.stop();
    expect(Date.now() - started).toBeLessThan(20_000);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(20).fill(204));
  });

  it('can be started twice, but not on one port', async () => {
    const { port } = new URL(api.url);
    await expect(startTestApi(engine.temporal, { port: Number(port) })).rejects.toThrow('EADDRINUSE');
    expect((await fetch(`${api.url}/health`)).status).toBe(200);
  });
});

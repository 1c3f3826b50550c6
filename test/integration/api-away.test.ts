import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import type { Role } from '../../workers/role';
import { registerSearchAttributes } from '../../workers/temporal/register-search-attributes';
import { startTemporalServer, type TemporalServer } from '../../workers/temporal/server';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { startControl } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { temporalCli } from '../helpers/temporal-server';
import { waitUntil } from '../helpers/wait-until';

const receipt = { status: 'completed', summary: 'done' };
const at = (id: string) => `/tasks/${encodeURIComponent(id)}`;

describe('with no worker', () => {
  let engine: TestNamespace;
  let api: TestApi;
  let control: Role | null = null;

  beforeAll(async () => {
    engine = await createNamespace('api-away');
    control = await startControl(engine.temporal);
    api = await startTestApi(engine.temporal);
  });
  afterAll(async () => {
    await api?.stop();
    await control?.stop();
    await engine?.close();
  });

  it('receipts are taken, leases are renewed, tasks are created and read; the rest is 503', async () => {
    const labels = ['agent:away'];
    await api.post('/tasks', { id: 'away/1', title: 'first', body: 'b', labels });
    await api.post('/tasks', { id: 'away/2', title: 'second', body: 'b', labels, review: 'required' });
    const pull = () => api.post('/tasks/dequeue', { agent_id: 'ada', capabilities: labels, wait_ms: 10_000 });
    for (const id of ['away/1', 'away/2']) {
      expect((await pull()).body.task.id).toBe(id);
      await waitUntil(
        async () =>
          (await api.post(`${at(id)}/heartbeat`, { agent_id: 'ada', epoch: 1 })).body.directive ===
          'continue',
        { what: 'the lease to be held' },
      );
    }
    await waitUntil(async () => (await api.get(at('away/2'))).body.status === 'running', {
      what: 'the task to run',
    });
    await control?.stop();
    control = null;

    const beat = await api.post(`${at('away/1')}/heartbeat`, { agent_id: 'ada', epoch: 1 });
    expect(beat).toMatchObject({ status: 200, body: { directive: 'continue' } });
    const [done, created, read, closedRead] = await Promise.all([
      api.post(
        `${at('away/1')}/complete`,
        { agent_id: 'ada', epoch: 1, receipt, completion_id: 'c1' },
        { pending: true },
      ),
      api.post('/tasks', { id: 'away/3', title: 'third', body: 'b', labels }),
      api.get(at('away/2'), { pending: true }),
      api.post('/tasks', { id: 'away/2', title: 'second', body: 'b', labels, review: 'required' }),
    ]);
    expect(done).toMatchObject({ status: 202, body: { id: 'away/1', pending: true, message_id: 'c1' } });
    expect(created).toMatchObject({ status: 201, body: { status: 'created' } });
    expect(read).toMatchObject({
      status: 200,
      body: {
        partial: true,
        title: 'second',
        status: 'running',
        assigned_agent_id: 'ada',
        review: 'required',
        epoch: 1,
      },
    });
    expect(closedRead.status).toBe(200);

    const refused = await Promise.all([
      pull(),
      api.post(`${at('away/3')}/assign`, { agent_id: 'ada' }),
      api.get(`${at('away/2')}/events`),
      api.get(`${at('away/2')}/output`),
    ]);
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'no_worker' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const cancelled = await api.post(`${at('away/3')}/cancel`, { message_id: 'x' }, { pending: true });
    expect(cancelled.status).toBe(202);
    expect((await api.get('/agents')).body.holders).toMatchObject([{ id: 'ada' }]);

    control = await startControl(engine.temporal);
    const late = await waitUntil(
      async () => {
        const { body } = await api.get(at('away/1'));
        return body.status === 'completed' && body;
      },
      { what: 'the receipt to be accepted' },
    );
    expect(late.receipt).toMatchObject({ summary: 'done' });
    expect(
      await api.post(`${at('away/1')}/complete`, { agent_id: 'ada', epoch: 1, receipt, completion_id: 'c1' }),
    ).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    });
    const last = await api.post(`${at('away/2')}/complete`, {
      agent_id: 'ada',
      epoch: 1,
      receipt,
      completion_id: 'c2',
    });
    expect(last).toMatchObject({ status: 200, body: { status: 'review_pending' } });
    expect((await api.post(`${at('away/3')}/cancel`, { message_id: 'x' })).body.status).toBe('cancelled');
  });
});

describe('with no engine', () => {
  it('every route that needs it is 503 with Retry-After, and /health is well', async () => {
    const address = '127.0.0.1:1';
    const api = await startTestApi({
      address,
      connectionOptions: { address },
      namespace: 'none',
      uiUrl: null,
    });
    try {
      const calls: Array<[string, string, unknown?]> = [
        ['POST', '/tasks', { title: 't', body: 'b' }],
        ['GET', '/tasks'],
        ['GET', '/tasks/a'],
        ['GET', '/tasks/a/events'],
        ['GET', '/tasks/a/output'],
        ['POST', '/tasks/dequeue', { agent_id: 'a' }],
        ['POST', '/tasks/a/heartbeat', { epoch: 1 }],
        ['POST', '/tasks/a/status', { epoch: 1, status: 'running' }],
        ['POST', '/tasks/a/complete', { epoch: 1, receipt, completion_id: 'c' }],
        ['POST', '/tasks/a/release', { epoch: 1 }],
        ['POST', '/tasks/a/assign', { agent_id: 'a' }],
        ['POST', '/tasks/a/review', { verdict: 'approved' }],
        ['POST', '/tasks/a/cancel'],
        ['POST', '/tasks/a/retry'],
        ['GET', '/quarantine'],
        ['POST', '/quarantine/quarantine/a/1/c/accept'],
        ['POST', '/agents', { agent_id: 'a' }],
        ['GET', '/agents'],
        ['GET', '/agents/a'],
        ['DELETE', '/agents/a'],
        ['POST', '/agents/a/heartbeat', {}],
        ['POST', '/agents/a/drain'],
        ['POST', '/agents/a/kill'],
        ['POST', '/tasks/a/logs?epoch=1&offset=0'],
        ['GET', '/hosts'],
        ['POST', '/tokens', { agent_id: 'a' }],
      ];
      const started = Date.now();
      const answers = await Promise.all(
        calls.map(async ([method, path, body]) => {
          const answer = await api.call(method, path, { body });
          return { ...answer, ms: Date.now() - started };
        }),
      );
      for (const [i, answer] of answers.entries()) {
        expect(`${calls[i]?.join(' ')}: ${answer.status} ${answer.body.code}`).toMatch(
          /: 503 (engine_unavailable|no_worker)$/,
        );
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(answer.ms).toBeLessThan(15_000);
      }
      expect((await fetch(`${api.url}/health`)).status).toBe(200);
      const ready = await fetch(`${api.url}/ready`);
      expect(ready.status).toBe(503);
      expect(ready.headers.get('content-type')).toContain('application/problem+json');
    } finally {
      await api.stop();
    }
  });
});

describe('an engine that is killed', () => {
  let stateDir: string;
  let server: TemporalServer;
  let control: Role;
  let api: TestApi;

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'signalbox-away-'));
    server = await startTemporalServer({
      binary: await temporalCli(),
      stateDir,
      namespace: 'default',
      ui: false,
      durable: true,
      logger: pino({ level: 'silent' }),
    });
    await registerSearchAttributes(server.temporal);
    control = await startControl(server.temporal);
    api = await startTestApi(server.temporal);
  });
  afterAll(async () => {
    await api?.stop();
    await control?.stop();
    await server?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('fences nobody: a lease goes on when it is back', async () => {
    const token = await api.tokenFor('ada');
    await api.post('/tasks', { id: 'k/1', title: 't', body: 'b', timeouts: { lease_ms: 1_000 } });
    const pulled = await api.post('/tasks/dequeue', { agent_id: 'ada', wait_ms: 10_000 }, { token });
    expect(pulled.body.lease.epoch).toBe(1);
    const beat = () => api.post(`${at('k/1')}/heartbeat`, { epoch: 1 }, { token });
    expect((await beat()).status).toBe(200);
    expect((await fetch(`${api.url}/ready`)).status).toBe(200);

    const killed = server.pid();
    process.kill(killed, 'SIGKILL');
    const seen = new Set<number>();
    await waitUntil(
      async () => {
        const { status } = await beat();
        seen.add(status);
        return status === 200 && server.pid() !== 0 && server.pid() !== killed;
      },
      { what: 'the engine to be away and back', timeoutMs: 60_000 },
    );
    seen.delete(503);
    expect([...seen]).toEqual([200]);
    expect((await api.get(at('k/1'))).body).toMatchObject({ epoch: 1, assigned_agent_id: 'ada' });
    const done = await api.post(
      `${at('k/1')}/complete`,
      { epoch: 1, receipt, completion_id: 'c' },
      { token },
    );
    expect([200, 202]).toContain(done.status);
    await waitUntil(async () => (await api.get(at('k/1'))).body.status === 'completed', {
      what: 'the task to close',
    });
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { leaseActivityId, taskWorkflowId } from '../../workflows/names';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
/** A second process of the API: it has granted nothing and remembers nothing. */
let other: TestApi;

beforeAll(async () => {
  platform = await startPlatform('api-lease');
  ({ engine, api } = platform);
  other = await platform.another();
});

afterAll(() => platform?.close());

const at = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const receipt = { status: 'completed', summary: 'done' };

/** A task that only this agent can do, and a token of the agent. */
async function taskFor(agent: string, over: Record<string, unknown> = {}) {
  const id = `lease/${randomUUID()}`;
  const label = `agent:${randomUUID()}`;
  const created = await api.post('/tasks', { id, title: 't', body: 'b', labels: [label], ...over });
  expect(created.status).toBe(201);
  const token = await api.tokenFor(agent);
  const pull = (agent_id = agent, more: Record<string, unknown> = {}) =>
    api.post('/tasks/dequeue', { agent_id, capabilities: [label], wait_ms: 10_000, ...more });
  const post = (verb: string, body: Record<string, unknown>, via = api) =>
    via.post(`${at(id)}/${verb}`, body, { token });
  const complete = (epoch: number, completion_id: string = randomUUID(), via = api) =>
    post('complete', { epoch, receipt, completion_id }, via);
  const events = async () =>
    (await engine.client.workflow.getHandle(taskWorkflowId(id)).describe()).historyLength;
  return { id, label, token, pull, post, complete, events, view: async () => (await api.get(at(id))).body };
}

describe('a heartbeat', () => {
  it('costs no history event after the first, a thousand times over', async () => {
    const task = await taskFor('ada');
    await task.pull();
    expect((await task.post('heartbeat', { epoch: 1 })).body.directive).toBe('continue');
    await waitUntil(async () => (await task.view()).status === 'running', { what: 'the task to run' });
    const before = await task.events();
    for (let i = 0; i < 1_000; i += 10) {
      const beats = Array.from({ length: 10 }, (_, j) =>
        task.post('heartbeat', { epoch: 1, progress: `${i + j}` }, j % 2 ? other : api),
      );
      for (const { status } of await Promise.all(beats)) expect(status).toBe(200);
    }
    expect(await task.events()).toBe(before);
  });

  it('may go to another process of the API', async () => {
    const task = await taskFor('ada');
    await task.pull();
    const beat = await task.post('heartbeat', { epoch: 1 }, other);
    expect(beat).toMatchObject({ status: 200, body: { directive: 'continue' } });
    expect(Date.parse(beat.body.expires_at) - Date.now()).toBeGreaterThan(50_000);
  });

  it('brings back a lease that expired, under the same epoch', async () => {
    const task = await taskFor('ada', { timeouts: { lease_ms: 3_000 } });
    await task.pull();
    await task.post('heartbeat', { epoch: 1 });
    await waitUntil(async () => (await task.view()).lease?.lapsed, { what: 'the lease to lapse' });
    for (const via of [api, other]) {
      expect(await task.post('heartbeat', { epoch: 1 }, via)).toMatchObject({
        status: 200,
        body: { directive: 'continue' },
      });
    }
    expect(await task.view()).toMatchObject({ epoch: 1, status: 'running', lease: { lapsed: false } });
    expect((await task.complete(1)).status).toBe(200);
  });

  it('is 409 once somebody else was granted the task', async () => {
    const task = await taskFor('ada', { timeouts: { lease_ms: 500 } });
    await task.pull();
    expect((await task.pull('bob', { lease_s: 60 })).body.lease.epoch).toBe(2);
    for (const via of [api, other]) {
      expect(await task.post('heartbeat', { epoch: 1 }, via)).toMatchObject({
        status: 409,
        body: { code: 'stale_epoch' },
      });
    }
    expect((await task.view()).assigned_agent_id).toBe('bob');
  });

  it('tells a holder whose lease is revoked to stop, and then that it is over', async () => {
    const task = await taskFor('ada', { review: 'required' });
    await task.pull();
    await waitUntil(
      async () => {
        const { raw } = await engine.client.workflow.getHandle(taskWorkflowId(task.id)).describe();
        return raw.pendingActivities?.some(
          (a) => a.activityId === leaseActivityId(1, 1) && a.lastStartedTime,
        );
      },
      { what: 'the lease to be held' },
    );
    expect((await task.complete(1)).status).toBe(200);
    expect((await task.post('heartbeat', { epoch: 1 })).body.directive).toBe('terminate');
    const after = await waitUntil(
      async () => {
        const answer = await task.post('heartbeat', { epoch: 1 });
        return answer.status !== 200 && answer;
      },
      { what: 'the lease to be over' },
    );
    expect(after).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
  });

  it('is refused to whoever does not hold the lease', async () => {
    const task = await taskFor('ada');
    await task.pull();
    const token = await api.tokenFor('mallory');
    for (const via of [api, other]) {
      const answer = await via.post(`${at(task.id)}/heartbeat`, { epoch: 1 }, { token });
      expect(answer).toMatchObject({ status: 423, body: { code: 'held_by_other' } });
    }
  });

  it('is 404 for a task that is not, and 410 for one that is closed', async () => {
    const task = await taskFor('ada');
    await task.pull();
    await api.post(`${at(task.id)}/cancel`);
    for (const via of [api, other])
      expect((await task.post('heartbeat', { epoch: 1 }, via)).status).toBe(410);
    expect((await api.post('/tasks/none/heartbeat', { epoch: 1 }, { token: task.token })).status).toBe(404);
  });
});

describe('a receipt', () => {
  it('of an epoch that is over is 409 and quarantined', async () => {
    const task = await taskFor('ada');
    await task.pull();
    expect((await task.post('release', { epoch: 1, checkpoint: { branch: 'wip' } })).body).toMatchObject({
      status: 'created',
      checkpoint: { branch: 'wip' },
    });
    const again = await task.pull('bob');
    expect(again.body).toMatchObject({ task: { checkpoint: { branch: 'wip' } }, lease: { epoch: 3 } });
    const late = await task.complete(1, 'late-1');
    expect(late).toMatchObject({
      status: 409,
      body: { code: 'stale_epoch', quarantine_id: `quarantine/${task.id}/1/late-1` },
    });
    expect((await task.complete(1, 'late-1')).body.quarantine_id).toBe(late.body.quarantine_id);
    expect((await task.view()).status).toBe('assigned');
    const item = await waitUntil(
      async () =>
        (await api.get('/quarantine')).body.items.find(
          (i: { id: string }) => i.id === late.body.quarantine_id,
        ),
      { what: 'the receipt to be listed' },
    );
    expect(item).toMatchObject({
      task_id: task.id,
      holder: 'agent:ada',
      reason: 'stale_epoch',
      decision: 'open',
      receipt,
    });
  });

  it('for a closed task is 410 and quarantined; people decide on it once', async () => {
    const task = await taskFor('ada');
    await task.pull();
    await api.post(`${at(task.id)}/cancel`);
    const late = await task.complete(1, 'late-2');
    expect(late).toMatchObject({
      status: 410,
      body: { code: 'closed', quarantine_id: `quarantine/${task.id}/1/late-2` },
    });
    expect(await task.complete(1, 'late-2')).toMatchObject(late.body && { status: 410, body: late.body });
    const path = `/quarantine/${late.body.quarantine_id}`;
    expect((await api.post(`${path}/accept`)).body).toMatchObject({
      decision: 'accepted',
      decided_by: 'admin',
    });
    expect((await api.post(`/quarantine/${encodeURIComponent(late.body.quarantine_id)}/accept`)).status).toBe(
      200,
    );
    expect(await api.post(`${path}/discard`)).toMatchObject({
      status: 409,
      body: { code: 'already_decided' },
    });
    expect((await api.post(`/quarantine/quarantine/none/1/c/accept`)).status).toBe(404);
    expect((await api.post(`/quarantine/task/x/1/c/accept`)).status).toBe(400);
  });

  it('gets its first answer again, also after the task is closed', async () => {
    const task = await taskFor('ada', { review: 'required' });
    await task.pull();
    expect((await task.complete(1, 'once')).body.status).toBe('review_pending');
    expect(await task.complete(1, 'once', other)).toMatchObject({
      status: 200,
      body: { status: 'review_pending' },
    });
    await api.post(`${at(task.id)}/review`, { verdict: 'approved' });
    expect(await task.complete(1, 'once')).toMatchObject({ status: 200, body: { status: 'completed' } });
    expect(await task.complete(1, 'twice')).toMatchObject({ status: 410 });
  });

  it('that says failed costs a retry', async () => {
    const task = await taskFor('ada', { max_retries: 0 });
    await task.pull();
    const failed = { epoch: 1, receipt: { status: 'failed', summary: 'no luck' }, completion_id: 'f' };
    const answer = await task.post('complete', failed);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'failed', reason: { code: 'agent_failed' } },
    });
    expect((await task.view()).status).toBe('failed');
    expect((await task.post('complete', failed)).body.status).toBe('failed');
  });

  it('that is wrong is 422 and changes nothing', async () => {
    const task = await taskFor('ada');
    await task.pull();
    for (const bad of [{}, { ...receipt, status: 'ok' }, { ...receipt, secret: 'x' }, 'done']) {
      const answer = await task.post('complete', { epoch: 1, receipt: bad, completion_id: 'c' });
      expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_receipt' } });
    }
    const files = Array.from({ length: 1_000 }, (_, i) => `${'x'.repeat(300)}${i}`);
    const huge = { ...receipt, artifacts: { changed_files: files } };
    expect((await task.post('complete', { epoch: 1, receipt: huge, completion_id: 'c' })).status).toBe(422);
    expect((await task.complete(1, 'c')).body.status).toBe('completed');
  });

  it('of whoever does not hold the lease is 423', async () => {
    const task = await taskFor('ada');
    await task.pull();
    const token = await api.tokenFor('mallory');
    const answer = await api.post(
      `${at(task.id)}/complete`,
      { epoch: 1, receipt, completion_id: 'm' },
      { token },
    );
    expect(answer).toMatchObject({ status: 423, body: { code: 'held_by_other' } });
    expect((await task.complete(1)).status).toBe(200);
  });
});

describe('a status report', () => {
  it('runs a task, or ends its attempt', async () => {
    const task = await taskFor('ada', { max_retries: 1 });
    await task.pull();
    expect((await task.post('status', { epoch: 1, status: 'running' })).body.status).toBe('running');
    const failed = await task.post('status', { epoch: 1, status: 'failed', message: 'no disk' });
    expect(failed.body).toMatchObject({ status: 'created', retry_count: 1, reason: { message: 'no disk' } });
    expect((await task.post('status', { epoch: 1, status: 'running' })).status).toBe(409);
  });
});

describe('dequeue', () => {
  it('gives the same claim again to the same request', async () => {
    const task = await taskFor('ada');
    const first = await task.pull('ada', { request_id: 'r1' });
    for (const via of [api, other]) {
      const repeat = await waitUntil(
        async () => {
          const answer = await via.post('/tasks/dequeue', { agent_id: 'ada', request_id: 'r1', retry: true });
          return answer.status === 200 && answer;
        },
        { what: 'the claim to be found' },
      );
      expect(repeat.body).toMatchObject({ task: { id: task.id }, lease: { epoch: first.body.lease.epoch } });
    }
    expect((await task.view()).attempts).toHaveLength(1);
  });

  it('is 204 when there is nothing, after the wait', async () => {
    const started = Date.now();
    const body = { agent_id: 'idle', capabilities: ['agent:none'], wait_ms: 300 };
    expect((await api.post('/tasks/dequeue', body)).status).toBe(204);
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
  });

  it('wakes when a task comes, also from another process', async () => {
    const label = `agent:${randomUUID()}`;
    const waiting = api.post('/tasks/dequeue', { agent_id: 'idle', capabilities: [label], wait_ms: 20_000 });
    const created = await other.post('/tasks', { title: 't', body: 'b', labels: [label] });
    expect((await waiting).body.task.id).toBe(created.body.id);
  });

  it('takes nothing for a caller that hung up', async () => {
    const label = `agent:${randomUUID()}`;
    const caller = new AbortController();
    const body = { agent_id: 'gone', capabilities: [label], wait_ms: 50_000 };
    const waiting = api.post('/tasks/dequeue', body, { signal: caller.signal });
    await waitUntil(
      async () => (await api.get('/agents')).body.holders.some((h: { id: string }) => h.id === 'gone'),
      { what: 'the agent to wait' },
    );
    caller.abort();
    await expect(waiting).rejects.toThrow();
    const { body: task } = await api.post('/tasks', { title: 't', body: 'b', labels: [label] });
    const next = await api.post('/tasks/dequeue', {
      agent_id: 'here',
      capabilities: [label],
      wait_ms: 10_000,
    });
    expect(next.body).toMatchObject({ task: { id: task.id }, lease: { epoch: 1 } });
  });

  it('uses what the agent is registered with, and registers one that is new', async () => {
    const label = `agent:${randomUUID()}`;
    await api.post('/agents', { agent_id: 'reg', capabilities: [label], version: '1.2' });
    await api.post('/tasks', { id: `reg/${label.slice(6)}`, title: 't', body: 'b', labels: [label] });
    const pulled = await api.post('/tasks/dequeue', { agent_id: 'reg', wait_ms: 10_000 });
    expect(pulled.body.task.labels).toEqual([label]);
    const listed = await waitUntil(
      async () => {
        const { holders } = (await api.get('/agents')).body;
        return holders.find((h: { id: string; holds: unknown[] }) => h.id === 'reg' && h.holds.length === 1);
      },
      { what: 'the agent to be listed with what it holds' },
    );
    expect(listed).toMatchObject({
      kind: 'agent',
      version: '1.2',
      presence: 'online',
      capabilities: [label],
    });
  });
});

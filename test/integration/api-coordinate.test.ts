import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { registerHolder } from '../../dispatch/holders';
import { claimUpdate, revokeTokensSignal } from '../../workflows/messages';
import { agentRef, holderWorkflowId, taskWorkflowId } from '../../workflows/names';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { claimBy } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;

beforeAll(async () => {
  platform = await startPlatform('api-coord', { config: { host_lost_after_ms: 5_000, kill_grace_ms: 50 } });
  ({ engine, api } = platform);
  await registerHolder(engine.client, {
    kind: 'host',
    id: 'box',
    capabilities: ['agent:code'],
    slots: 1,
    version: null,
    product: null,
    presence_ms: 60_000,
  });
});

afterAll(() => platform?.close());

const at = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const receipt = { status: 'completed', summary: 'done' };

async function newTask(over: Record<string, unknown> = {}) {
  const id = `coord/${randomUUID()}`;
  const label = `agent:${randomUUID()}`;
  const created = await api.post('/tasks', { id, title: 't', body: 'b', labels: [label], ...over });
  expect(created.status).toBe(201);
  const pull = async (agent_id: string, more: Record<string, unknown> = {}) =>
    api.post('/tasks/dequeue', { agent_id, capabilities: [label], wait_ms: 10_000, ...more });
  const complete = (agent_id: string, epoch: number, over: Record<string, unknown> = {}) =>
    api.post(`${at(id)}/complete`, { agent_id, epoch, receipt, completion_id: randomUUID(), ...over });
  return {
    id,
    label,
    pull,
    complete,
    post: (verb: string, body?: Record<string, unknown>) => api.post(`${at(id)}/${verb}`, body),
    view: async () => (await api.get(at(id))).body,
  };
}

describe('assign', () => {
  it('is for one agent alone, which gets it before anything else', async () => {
    const task = await newTask({ priority: 10 });
    await api.post('/agents', { agent_id: 'chosen' });
    const urgent = await newTask({ priority: 1 });
    const assigned = await task.post('assign', { agent_id: 'chosen', reason: 'knows the code' });
    expect(assigned.body).toMatchObject({
      status: 'assigned',
      execution_mode: 'http_pull',
      assigned_agent_id: 'chosen',
    });
    expect((await task.pull('somebody', { wait_ms: 300 })).status).toBe(204);
    const body = { agent_id: 'chosen', capabilities: [urgent.label], wait_ms: 10_000 };
    expect((await api.post('/tasks/dequeue', body)).body.task.id).toBe(task.id);
  });

  it('takes a host as well, and the mode follows', async () => {
    const task = await newTask({ execution_mode: 'http_pull' });
    expect((await task.post('assign', { agent_id: 'box' })).body).toMatchObject({
      status: 'assigned',
      execution_mode: 'ssh_cli',
      assigned_host: 'box',
    });
  });

  it('is 404 for a holder or a task that is not, and 400 in any status but created', async () => {
    const task = await newTask();
    expect(await task.post('assign', { agent_id: 'nobody' })).toMatchObject({
      status: 404,
      body: { code: 'unknown_holder' },
    });
    await api.post('/agents', { agent_id: 'chosen' });
    expect(await api.post('/tasks/none/assign', { agent_id: 'nobody' })).toMatchObject({
      body: { code: 'task_not_found' },
    });
    expect(await api.post('/tasks/none/assign', { agent_id: 'chosen' })).toMatchObject({
      status: 404,
      body: { code: 'task_not_found' },
    });
    await task.pull('ada');
    const refused = { status: 400, body: { code: 'not_created' } };
    expect(await task.post('assign', { agent_id: 'chosen' })).toMatchObject(refused);
    await task.post('status', { agent_id: 'ada', epoch: 1, status: 'running' });
    expect(await task.post('assign', { agent_id: 'chosen' })).toMatchObject(refused);
    await task.post('cancel');
    expect(await task.post('assign', { agent_id: 'chosen' })).toMatchObject(refused);
  });

  it('lapses when it is not taken up', async () => {
    const task = await newTask({ timeouts: { assign_ms: 300 } });
    await api.post('/agents', { agent_id: 'chosen' });
    await task.post('assign', { agent_id: 'chosen' });
    await waitUntil(async () => (await task.view()).status === 'created', {
      what: 'the assignment to lapse',
    });
    expect((await task.pull('ada')).status).toBe(200);
  });
});

describe('the review loop', () => {
  it('sends a task round until it is approved', async () => {
    const task = await newTask({ review: 'required' });
    await task.pull('ada');
    expect(
      (await task.complete('ada', 1, { receipt: { ...receipt, artifacts: { branch: 'b' } } })).body.status,
    ).toBe('review_pending');
    const findings = [{ file: 'a.ts', line: 3, message: 'wrong', severity: 'major' }];
    expect((await task.post('review', { verdict: 'rejected', findings })).body).toMatchObject({
      status: 'created',
      review_count: 1,
    });
    const again = await task.pull('bob');
    expect(again.body.task).toMatchObject({ findings, checkpoint: { branch: 'b' }, attempt: 2 });
    await task.complete('bob', again.body.lease.epoch);
    expect((await task.post('review', { verdict: 'approved', confidence: 0.9 })).body.status).toBe(
      'completed',
    );
    expect((await task.post('review', { verdict: 'approved' })).status).toBe(410);
  });

  it('ends at the limit', async () => {
    const task = await newTask({ review: 'required', max_retries: 0 });
    await task.pull('ada');
    await task.complete('ada', 1);
    expect((await task.post('review', { verdict: 'rejected' })).body).toMatchObject({
      status: 'failed',
      reason: { code: 'review_limit' },
    });
  });

  it('is 409 when there is nothing to review', async () => {
    const task = await newTask();
    expect(await task.post('review', { verdict: 'approved' })).toMatchObject({
      status: 409,
      body: { code: 'wrong_status' },
    });
  });
});

describe('cancel and retry', () => {
  it('closes a task, and opens it again with epochs that go on', async () => {
    const task = await newTask();
    await task.pull('ada');
    expect(await task.post('retry')).toMatchObject({ status: 409, body: { code: 'not_closed' } });
    expect((await task.post('cancel', { reason: 'no need' })).body).toMatchObject({
      status: 'cancelled',
      lease: null,
    });
    expect((await task.post('cancel')).status).toBe(200);
    const { epoch } = await task.view();

    expect((await task.post('retry')).body).toMatchObject({
      id: task.id,
      status: 'created',
      closed_at: null,
    });
    const pulled = await task.pull('bob');
    expect(pulled.body.task.body).toBe('b');
    expect(pulled.body.lease.epoch).toBe(epoch + 1);
    expect((await task.complete('ada', 1)).status).toBe(409);
    expect((await task.complete('bob', pulled.body.lease.epoch)).body.status).toBe('completed');
    const listed = await waitUntil(
      async () => {
        const { tasks } = (await api.get(`/tasks?label=${task.label}`)).body;
        return tasks[0]?.status === 'completed' && tasks;
      },
      { what: 'the index to follow' },
    );
    expect(listed).toHaveLength(1);
  });

  it('brings back a task whose run was terminated from outside', async () => {
    const task = await newTask();
    const first = await task.pull('ada');
    await engine.client.workflow.getHandle(taskWorkflowId(task.id)).terminate('by hand');
    expect(await task.view()).toMatchObject({
      partial: true,
      status: 'cancelled',
      reason: { code: 'terminated' },
    });
    expect((await task.complete('ada', 1)).status).toBe(410);
    expect((await task.post('retry')).status).toBe(200);
    expect((await task.pull('bob')).body.lease.epoch).toBeGreaterThan(first.body.lease.epoch);
  });

  it('does not let a completed task be cancelled', async () => {
    const task = await newTask();
    await task.pull('ada');
    await task.complete('ada', 1);
    expect(await task.post('cancel')).toMatchObject({
      status: 410,
      body: { code: 'closed', task_status: 'completed' },
    });
  });
});

describe('a task that a host runs', () => {
  async function onHost() {
    const task = await newTask({ labels: ['agent:code'], execution_mode: 'ssh_cli' });
    const claim = claimBy('host:box', { request_id: randomUUID(), not_after: Date.now() + 10_000 });
    await engine.client.workflow
      .getHandle(taskWorkflowId(task.id))
      .executeUpdate(claimUpdate, { args: [claim] });
    return task;
  }

  it('shows its output while it grows', async () => {
    const task = await onHost();
    const ref = (await api.get(at(task.id))).body.attempts[0].output_ref;
    expect((await api.get(`${at(task.id)}/output`)).status).toBe(404);
    await api.blobs.append(ref, 0, Buffer.from('so far'));
    expect(await api.get(`${at(task.id)}/output`)).toMatchObject({ status: 200, body: 'so far' });
  });

  it('takes neither status nor receipt from an agent', async () => {
    const task = await onHost();
    const refused = { status: 423, body: { code: 'managed_by_orchestrator' } };
    expect(await task.post('status', { agent_id: 'ada', epoch: 1, status: 'running' })).toMatchObject(
      refused,
    );
    expect(await task.complete('ada', 1)).toMatchObject(refused);
  });

  it('can be completed by a coordinator, by hand', async () => {
    const task = await onHost();
    const token = await api.tokenFor('carol', { role: 'coordinator' });
    const message = { epoch: 1, receipt, completion_id: 'by-hand' };
    const answer = await api.post(`${at(task.id)}/complete`, message, { token });
    expect(answer).toMatchObject({ status: 200, body: { receipt: { manual: true } } });
    await waitUntil(async () => (await task.view()).status === 'completed', {
      what: 'the run to be fenced',
      timeoutMs: 60_000,
    });
    expect(
      (await api.get(`${at(task.id)}/events`)).body.events.map((e: { type: string }) => e.type),
    ).toContain('revoked');
  });
});

describe('products', () => {
  it('do not see each other', async () => {
    const task = await newTask({ product: 'blue' });
    const blue = await api.tokenFor('b', { role: 'coordinator', product: 'blue' });
    const red = await api.tokenFor('r', { role: 'coordinator', product: 'red' });
    const redAgent = await api.tokenFor('ra', { product: 'red' });
    const blueAgent = await api.tokenFor('ba', { product: 'blue' });
    expect((await api.get(at(task.id), { token: blue })).status).toBe(200);
    for (const [method, verb, body, token] of [
      ['GET', '', undefined, red],
      ['GET', '/events', undefined, red],
      ['GET', '/output', undefined, red],
      ['POST', '/cancel', undefined, red],
      ['POST', '/retry', undefined, red],
      ['POST', '/review', { verdict: 'approved' }, red],
      ['POST', '/assign', { agent_id: 'ba' }, red],
      ['POST', '/complete', { epoch: 1, receipt, completion_id: 'x' }, redAgent],
      ['POST', '/status', { epoch: 1, status: 'running' }, redAgent],
      ['POST', '/heartbeat', { epoch: 1 }, redAgent],
      ['POST', '/release', { epoch: 1 }, redAgent],
    ] as const) {
      const answer = await api.call(method, `${at(task.id)}${verb}`, { body, token });
      expect(`${verb} ${answer.status} ${answer.body.code}`).toBe(`${verb} 404 task_not_found`);
    }
    const want = (agent_id: string) => ({ agent_id, capabilities: [task.label], wait_ms: 300 });
    expect((await api.post('/tasks/dequeue', want('ra'), { token: redAgent })).status).toBe(204);
    expect(
      (await api.post('/tasks/dequeue', { ...want('ba'), wait_ms: 10_000 }, { token: blueAgent })).status,
    ).toBe(200);
    expect(
      (await api.post('/tasks', { title: 't', body: 'b', product: 'blue' }, { token: red })).status,
    ).toBe(403);
    expect(
      (await api.post('/tasks', { title: 't', body: 'b', labels: ['agent:red'] }, { token: red })).body
        .product,
    ).toBe('red');
    const held = async (token: string) =>
      (await api.get('/agents', { token })).body.holders.map((h: { id: string; holds: unknown[] }) => [
        h.id,
        h.holds,
      ]);
    await waitUntil(async () => (await held(blue))[0]?.[1].length === 1, {
      what: 'what the agent of the product holds',
    });
    expect(await held(blue)).toHaveLength(1);
    expect((await held(blue))[0]).toEqual(['ba', [{ task_id: task.id, status: 'assigned' }]]);
    expect((await held(red)).map(([id]: [string]) => id)).toEqual(['ra']);
    expect((await api.post('/agents', { agent_id: 'ba' }, { token: red })).status).toBe(409);
    const list = await waitUntil(
      async () => {
        const { tasks } = (await api.get('/tasks', { token: red })).body;
        return tasks.length > 0 && tasks;
      },
      { what: 'the list of the product' },
    );
    expect(new Set(list.map((t: { product: string }) => t.product))).toEqual(new Set(['red']));
  });
});

describe('an agent', () => {
  it('cannot have the name of a host', async () => {
    expect(await api.post('/agents', { agent_id: 'box' })).toMatchObject({
      status: 409,
      body: { code: 'id_taken' },
    });
    expect((await api.post('/tasks/dequeue', { agent_id: 'box' })).status).toBe(409);
  });

  it('is registered, and brought up to date', async () => {
    expect(await api.post('/agents', { agent_id: 'up', capabilities: ['agent:a'] })).toMatchObject({
      status: 201,
      body: { id: 'up', kind: 'agent', presence: 'online', holds: [], generation: 0 },
    });
    const updated = await api.post('/agents', { agent_id: 'up', capabilities: ['agent:b'], slots: 3 });
    expect(updated).toMatchObject({ status: 200, body: { capabilities: ['agent:b'], slots: 3 } });
    expect((await api.get('/hosts')).body.holders).toMatchObject([{ id: 'box', kind: 'host' }]);
  });

  it('loses its tokens when they are revoked', async () => {
    await api.post('/agents', { agent_id: 'lost' });
    const token = await api.tokenFor('lost');
    const list = () => api.get('/hosts', { token });
    expect((await list()).status).toBe(200);
    await engine.client.workflow.getHandle(holderWorkflowId(agentRef('lost'))).signal(revokeTokensSignal);
    const refused = await waitUntil(
      async () => {
        const answer = await list();
        return answer.status !== 200 && answer;
      },
      { what: 'the token to be refused' },
    );
    expect(refused).toMatchObject({ status: 401, body: { code: 'token_revoked' } });
    expect((await api.get('/hosts', { token: await api.tokenFor('lost') })).status).toBe(200);
  });
});

describe('output', () => {
  it('is text, whole or in part', async () => {
    const task = await newTask();
    const { ref } = await api.blobs.put('0123456789');
    await task.pull('ada');
    expect((await api.get(`${at(task.id)}/output`)).status).toBe(404);
    await task.complete('ada', 1, { receipt: { ...receipt, output_ref: ref } });
    const whole = await api.get(`${at(task.id)}/output`);
    expect(whole).toMatchObject({ status: 200, body: '0123456789' });
    expect(whole.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const part = await api.get(`${at(task.id)}/output?epoch=1`, { headers: { range: 'bytes=2-4' } });
    expect(part).toMatchObject({ status: 206, body: '234' });
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
    const none = await api.get(`${at(task.id)}/output`, { headers: { range: 'bytes=10-' } });
    expect(none).toMatchObject({ status: 416, body: { code: 'range_not_satisfiable' } });
    expect(none.headers.get('content-range')).toBe('bytes */10');
    expect((await api.get(`${at(task.id)}/output?epoch=9`)).status).toBe(404);
  });
});

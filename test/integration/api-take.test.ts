/** Taking several tasks at once, and the next one with a receipt; what happens when an answer is lost. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { admissionSignal, revokeTokensSignal } from '../../workflows/messages';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { RECEIPT } from '../helpers/pulled-task';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
let other: TestApi;

beforeAll(async () => {
  platform = await startPlatform('api-take');
  ({ engine, api } = platform);
  other = await platform.another();
});

afterAll(() => platform?.close());

interface Granted {
  task: { id: string };
  lease: { token: string; epoch: number };
}

/** Some tasks that only this agent can do, and an agent of its own for them. */
async function tasksFor(count: number) {
  const label = `agent:${randomUUID()}`;
  const ids = Array.from({ length: count }, () => `take/${randomUUID()}`);
  for (const id of ids) await api.post('/tasks', { id, title: 't', body: 'b', labels: [label] });
  const agent_id = `a-${randomUUID()}`;
  const token = await api.tokenFor(agent_id);
  const pull = (more: Record<string, unknown> = {}, via = api) =>
    via.post('/tasks/dequeue', { agent_id, capabilities: [label], wait_ms: 5_000, ...more }, { token });
  const complete = (
    { task, lease }: Granted,
    more: Record<string, unknown> = {},
    via = api,
    by = lease.token,
  ) => {
    const body = { epoch: lease.epoch, receipt: RECEIPT, completion_id: randomUUID(), ...more };
    return via.post(`/tasks/${encodeURIComponent(task.id)}/complete`, body, { token: by });
  };
  return { label, ids, agent_id, token, pull, complete };
}

const idsOf = ({ task, more }: Granted & { more: Granted[] }) => [task.id, ...more.map((one) => one.task.id)];

describe('max_tasks', () => {
  it('is one by default', async () => {
    const { pull } = await tasksFor(2);
    expect((await pull()).body).toMatchObject({ more: [] });
  });

  it('takes what is there, each under a lease of its own, and does not wait for more', async () => {
    const { ids, pull, complete } = await tasksFor(3);
    const { body, status } = await pull({ max_tasks: 5 });
    expect(status).toBe(200);
    expect(idsOf(body).sort()).toEqual([...ids].sort());
    for (const granted of [body, ...body.more]) expect((await complete(granted)).status).toBe(200);
  });

  it('takes no more than it says', async () => {
    const { ids, pull } = await tasksFor(3);
    const first = (await pull({ max_tasks: 2 })).body;
    const rest = (await pull({ max_tasks: 2 })).body;
    expect([first.more.length, rest.more.length]).toEqual([1, 0]);
    expect([...idsOf(first), ...idsOf(rest)].sort()).toEqual([...ids].sort());
  });

  it('gives all of them again when the answer was lost', async () => {
    const { ids, pull } = await tasksFor(3);
    const want = { max_tasks: 3, request_id: 'once' };
    const first = (await pull(want)).body;
    for (const via of [api, other]) {
      const again = await waitUntil(
        async () => {
          const answer = await pull({ ...want, retry: true }, via);
          return answer.status === 200 && answer.body.more.length === 2 && answer.body;
        },
        { what: 'the claims to be found' },
      );
      expect(idsOf(again)).toEqual(idsOf(first));
      expect(again.lease.token).toBe(first.lease.token);
    }
    for (const id of ids) {
      expect((await api.get(`/tasks/${encodeURIComponent(id)}`)).body).toMatchObject({ epoch: 1 });
    }
  });

  it.each([
    ['max_tasks', 0],
    ['max_tasks', 21],
    ['max_tasks', 1.5],
    ['lease_s', 0.4],
    ['lease_s', 86_401],
    ['wait_ms', 50_001],
  ])('%s of %d is refused', async (field, value) => {
    const answer = await api.post('/tasks/dequeue', { agent_id: 'a', [field]: value });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it.each([0.5, 86_400])('a lease of %d s is granted as it is asked for', async (lease_s) => {
    const { pull } = await tasksFor(1);
    const { lease } = (await pull({ lease_s })).body;
    expect(lease.renew_every_s).toBeCloseTo(lease_s / 3);
  });
});

describe('complete and next', () => {
  it.each(['the lease token', 'the agent token'])('brings the next task along, by %s', async (which) => {
    const { pull, complete, token, label } = await tasksFor(2);
    const first = (await pull()).body;
    const by = which === 'the agent token' ? token : first.lease.token;
    const done = await complete(first, { next: { capabilities: [label], lease_s: 30 } }, api, by);
    expect(done).toMatchObject({
      status: 200,
      body: { id: first.task.id, status: 'completed', next: { lease: { epoch: 1, renew_every_s: 10 } } },
    });
    const last = await complete(done.body.next, { next: { capabilities: [label] } });
    expect(last).toMatchObject({ status: 200, body: { status: 'completed', next: null } });
  });

  it('is not in the answer when it was not asked for', async () => {
    const { pull, complete } = await tasksFor(2);
    expect(await (await complete((await pull()).body)).body).not.toHaveProperty('next');
  });

  it('waits for a task', async () => {
    const { pull, complete, label } = await tasksFor(1);
    const first = (await pull()).body;
    const done = complete(first, { next: { capabilities: [label], wait_ms: 20_000 } });
    const created = await other.post('/tasks', { title: 't', body: 'b', labels: [label] });
    expect((await done).body.next.task.id).toBe(created.body.id);
  });

  it('gives the same next task again when the answer was lost', async () => {
    const { pull, complete, label } = await tasksFor(3);
    const first = (await pull()).body;
    const message = { completion_id: 'once', next: { capabilities: [label] } };
    const done = (await complete(first, message)).body;
    for (const via of [api, other]) {
      const retried = { ...message, next: { ...message.next, retry: true } };
      const again = await waitUntil(
        async () => {
          const answer = await complete(first, retried, via);
          return answer.body.next?.task.id === done.next.task.id && answer.body;
        },
        { what: 'the claim to be found' },
      );
      expect(again).toMatchObject({ status: 'completed', next: { lease: done.next.lease } });
    }
  });

  it('gives nothing to whose receipt is refused', async () => {
    const { pull, complete, label } = await tasksFor(2);
    const first = (await pull({ lease_s: 0.5 })).body;
    await api.post(`/tasks/${encodeURIComponent(first.task.id)}/cancel`);
    const late = await complete(first, { next: { capabilities: [label] } });
    expect(late).toMatchObject({ status: 410, body: { code: 'closed' } });
    expect(late.body).not.toHaveProperty('next');
    expect((await pull()).status).toBe(200);
  });

  it('gives nothing to an agent whose tokens were revoked: not with a receipt that was taken before either', async () => {
    const { pull, complete, label, agent_id } = await tasksFor(2);
    const first = (await pull()).body;
    expect((await complete(first, { completion_id: 'before' })).status).toBe(200);
    const holder = engine.client.workflow.getHandle(`agent/${agent_id}`);
    await holder.signal(revokeTokensSignal);
    await waitUntil(async () => (await pull()).status === 401, { what: 'the agent token to be refused' });
    const done = await complete(first, { completion_id: 'before', next: { capabilities: [label] } });
    expect(done).toMatchObject({ status: 200, body: { status: 'completed', next: null } });
  });

  it('cannot be asked for by hand', async () => {
    const { pull, complete } = await tasksFor(1);
    const first = (await pull()).body;
    const token = await api.tokenFor('carol', { role: 'coordinator' });
    const answer = await complete(first, { next: {} }, api, token);
    expect(answer).toMatchObject({ status: 422, body: { code: 'no_agent' } });
    expect((await complete(first)).status).toBe(200);
  });
});

it('an agent that is to be quiet goes on with what it has, and gets no more', async () => {
  const { pull, complete, label, agent_id } = await tasksFor(2);
  const first = (await pull()).body;
  const path = `/tasks/${encodeURIComponent(first.task.id)}`;
  const beat = (via = api) => via.post(`${path}/heartbeat`, {}, { token: first.lease.token });
  expect((await beat()).body.directive).toBe('continue');
  const order = { order: 'cordon' as const, by: 'test', reason: null };
  await engine.client.workflow.getHandle(`agent/${agent_id}`).signal(admissionSignal, order);
  for (const via of [api, other]) {
    await waitUntil(async () => (await beat(via)).body.directive === 'quiet', { what: 'the directive' });
  }
  const started = Date.now();
  const none = await pull({ wait_ms: 500 });
  expect([none.status, none.headers.get('signalbox-directive')]).toEqual([204, 'quiet']);
  // It waits as usual, or agents that are quiet would ask all the time.
  expect(Date.now() - started).toBeGreaterThanOrEqual(490);
  const status = await api.post(`${path}/status`, { status: 'running' }, { token: first.lease.token });
  expect([status.status, status.headers.get('signalbox-directive')]).toEqual([200, 'quiet']);
  const done = await complete(first, { next: { capabilities: [label], wait_ms: 20_000 } });
  expect(done).toMatchObject({ status: 200, body: { status: 'completed', next: null } });
  expect(done.headers.get('signalbox-directive')).toBe('quiet');
});

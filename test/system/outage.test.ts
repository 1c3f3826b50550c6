/** What happens while the engine or the workers are away, and when they come back. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Api } from '../../examples/demo/api';
import { createFleet, type Fleet, ROLES, untilAnswered, untilClosed } from '../helpers/fleet';
import { waitUntil } from '../helpers/wait-until';

jest.setTimeout(600_000);

let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.start(...ROLES);
});

afterAll(async () => {
  await fleet?.stop();
});

const path = (id: string) => `/tasks/${encodeURIComponent(id)}`;
const receipt = { status: 'completed', summary: 's' };
const create = (id: string) =>
  untilAnswered(
    `creation of ${id}`,
    () => fleet.admin.post('/tasks', { id, title: 't', body: 'b', labels: [`agent:${id}`] }),
    201,
  );

async function take(id: string, agentId: string, leaseS: number) {
  const agent = await fleet.agent(agentId);
  const want = { agent_id: agentId, capabilities: [`agent:${id}`], wait_ms: 10_000, lease_s: leaseS };
  const { lease } = (await untilAnswered(id, () => agent.post('/tasks/dequeue', want), 200)).body;
  return { agent, epoch: lease.epoch as number };
}

/** What an agent does that was at work all the time: renews, hands its receipt in, and sees its task closed. */
async function comeBack({ id, agent, epoch }: { id: string; agent: Api; epoch: number }) {
  const renewed = await untilAnswered(
    `renewal of ${id}`,
    () => agent.post(`${path(id)}/heartbeat`, { epoch }),
    200,
    409,
    410,
  );
  expect(renewed.body).toMatchObject({ directive: 'continue' });
  const done = { epoch, completion_id: 'c', receipt };
  const accepted = await untilAnswered(
    `receipt of ${id}`,
    () => agent.post(`${path(id)}/complete`, done),
    200,
    409,
    410,
  );
  expect(accepted.status).toBe(200);
  expect(await untilClosed(fleet.admin, id)).toMatchObject({
    status: 'completed',
    epoch,
    retry_count: 0,
  });
}

describe('an engine that is away for longer than the leases', () => {
  it('fences nobody, although idle agents are waiting for work', async () => {
    // Longer than a worker may take to find back to the server (its polls back off up to 10 s).
    const leaseS = 30;
    const ids = ['outage-1', 'outage-2', 'outage-3'];
    const held: Array<{ id: string; agent: Api; epoch: number }> = [];
    for (const id of ids) {
      await create(id);
      const { agent, epoch } = await take(id, `holder-of-${id}`, leaseS);
      expect((await agent.post(`${path(id)}/heartbeat`, { epoch })).status).toBe(200);
      held.push({ id, agent, epoch });
    }
    const idlers = await Promise.all(ids.map((id) => fleet.agent(`thief-of-${id}`)));
    await fleet.kill9('temporal');
    // The server ends some moments after its supervisor; until then every holder renews.
    const renewAll = () =>
      Promise.all(held.map(({ id, agent, epoch }) => agent.post(`${path(id)}/heartbeat`, { epoch })));
    const during = await waitUntil(
      async () => {
        const replies = await renewAll();
        return replies.every((reply) => reply.status === 503) && replies[0];
      },
      { timeoutMs: 60_000, what: 'the outage to show' },
    );
    expect(during.body.code).toBe('engine_unavailable');
    const since = Date.now();
    await waitUntil(() => Date.now() - since > 1.5 * leaseS * 1_000, {
      timeoutMs: 60_000,
      what: 'one and a half lease lengths',
    });

    // Idle agents that would take any of them, at once and again and again.
    let idle = true;
    const thieves = ids.map(async (id, i) => {
      const want = { agent_id: `thief-of-${id}`, capabilities: [`agent:${id}`], wait_ms: 1_000 };
      while (idle) {
        const reply = await idlers[i]?.post('/tasks/dequeue', want).catch(() => null);
        if (reply?.status === 200) return id;
      }
      return null;
    });
    try {
      await fleet.start('temporal');
      // All at once, as agents of their own would.
      await Promise.all(held.map(comeBack));
    } finally {
      idle = false;
    }
    expect(await Promise.all(thieves)).toEqual([null, null, null]);
  });
});

describe('workers that are away', () => {
  it('do not keep a receipt from being durable: 202, and accepted when they are back', async () => {
    await create('no-worker');
    const { agent, epoch } = await take('no-worker', 'finisher', 60);
    await fleet.kill9('worker');
    const done = { epoch, completion_id: 'only', receipt };
    const reply = await agent.post(`${path('no-worker')}/complete`, done);
    expect(reply.status).toBe(202);
    await fleet.start('worker');
    expect(await untilClosed(fleet.admin, 'no-worker')).toMatchObject({ status: 'completed' });
    const repeat = await untilAnswered(
      'the repeat',
      () => agent.post(`${path('no-worker')}/complete`, done),
      200,
      410,
    );
    expect(repeat.status).toBe(200);
  });

  it('void a claim whose caller has given up: it is never granted late', async () => {
    await create('given-up');
    const impatient = await fleet.agent('impatient');
    await fleet.kill9('worker');
    const want = { agent_id: 'impatient', capabilities: ['agent:given-up'], wait_ms: 1_000 };
    const reply = await impatient.post('/tasks/dequeue', want);
    expect(reply.status).toBe(503);
    await fleet.start('worker');
    const { epoch, agent } = await take('given-up', 'patient', 60);
    await untilAnswered(
      'the receipt',
      () => agent.post(`${path('given-up')}/complete`, { epoch, completion_id: 'c', receipt }),
      200,
    );
    const task = await untilClosed(fleet.admin, 'given-up');
    expect(task).toMatchObject({ status: 'completed', assigned_agent_id: 'patient', retry_count: 0 });
    expect(
      task.attempts.filter((a) => a.holder === 'agent:impatient' && a.outcome === 'completed'),
    ).toHaveLength(0);
  });
});

describe('a receipt that comes late', () => {
  it('after the end is kept in quarantine: 410, listed, and decided by a person', async () => {
    await create('late');
    const { agent, epoch } = await take('late', 'late-one', 60);
    const complete = (id: string) =>
      agent.post(`${path('late')}/complete`, { epoch, completion_id: id, receipt });
    await untilAnswered('the receipt', () => complete('first'), 200);
    await untilClosed(fleet.admin, 'late');
    const late = await complete('second');
    expect(late).toMatchObject({ status: 410, body: { code: 'closed', quarantine_id: expect.any(String) } });
    const id: string = late.body.quarantine_id;
    await waitUntil(
      async () =>
        (await fleet.admin.get('/quarantine')).body.items.some((item: { id: string }) => item.id === id),
      { what: 'the quarantined receipt in the list' },
    );
    const decided = await untilAnswered(
      'the decision',
      () => fleet.admin.post(`/quarantine/${encodeURIComponent(id)}/discard`),
      200,
    );
    expect(decided.body).toMatchObject({ decision: 'discarded' });
  });
});

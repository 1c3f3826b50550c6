/** kill -9 of each process, and of all at once, in the middle of a pull task and of a run on the local host. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createFleet, type Fleet, ROLES, type RoleName, untilAnswered, untilClosed } from '../helpers/fleet';
import { waitUntil } from '../helpers/wait-until';
import { workedOn } from '../helpers/worked-on';

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

async function killAndRestart(victims: readonly RoleName[]) {
  await fleet.kill9(...victims);
  await fleet.start(...victims);
}

const CASES: Array<[string, () => Promise<void>]> = [
  ['the API', () => killAndRestart(['api'])],
  ['the control worker', () => killAndRestart(['worker'])],
  ['the host worker', () => killAndRestart(['host'])],
  ['the Temporal server', async () => fleet.kill9Server()],
  ['the supervisor of the Temporal server', () => killAndRestart(['temporal'])],
  ['everything at once', () => killAndRestart(ROLES)],
];

describe.each(CASES)('kill -9 of %s', (name, kill) => {
  const slug = name.replaceAll(' ', '-');

  it('in the middle of a pull task: its lease is still good, nothing is lost', async () => {
    const id = `pull/${slug}`;
    const agent = await fleet.agent('puller');
    const created = await fleet.admin.post('/tasks', { id, title: 't', body: 'b', labels: ['agent:review'] });
    expect(created.status).toBe(201);
    const want = { agent_id: 'puller', capabilities: ['agent:review'], wait_ms: 20_000, lease_s: 60 };
    const { task, lease } = (await untilAnswered('the task', () => agent.post('/tasks/dequeue', want), 200))
      .body;
    expect(task.id).toBe(id);
    expect((await agent.post(`${path(id)}/heartbeat`, { epoch: lease.epoch })).status).toBe(200);

    await kill();

    const renewed = await untilAnswered(
      'a renewal',
      () => agent.post(`${path(id)}/heartbeat`, { epoch: lease.epoch }),
      200,
    );
    expect(renewed.body.directive).toBe('continue');
    const done = {
      epoch: lease.epoch,
      completion_id: `done-${slug}`,
      receipt: { status: 'completed', summary: 's' },
    };
    await untilAnswered('the receipt', () => agent.post(`${path(id)}/complete`, done), 200);
    const closed = await untilClosed(fleet.admin, id);
    expect(closed).toMatchObject({
      status: 'completed',
      epoch: lease.epoch,
      retry_count: 0,
      receipt: { summary: 's' },
    });
    expect(workedOn(closed)).toHaveLength(1);
  });

  it('in the middle of a local run: it goes on, and no second one is started', async () => {
    const id = `run/${slug}`;
    const gate = join(fleet.directory, `gate-${slug}`);
    const trace = join(fleet.directory, `trace-${slug}`);
    const body = `echo begin >> '${trace}'; until [ -e '${gate}' ]; do sleep 0.05; done; echo end >> '${trace}'; echo finished`;
    const task = { id, title: 't', body, labels: ['agent:code'], template: 'shell' };
    await untilAnswered('the creation', () => fleet.admin.post('/tasks', task), 200, 201);
    await waitUntil(() => existsSync(trace), { timeoutMs: 60_000, what: 'the run to begin' });

    await kill();

    writeFileSync(gate, '');
    const closed = await untilClosed(fleet.admin, id, 120_000);
    // Beside the trace, so that a failure tells what happened.
    const told = {
      trace: readFileSync(trace, 'utf8'),
      attempts: workedOn(closed),
      events: await fleet.admin.events(id),
    };
    expect(told).toMatchObject({ trace: 'begin\nend\n', attempts: [{ outcome: 'completed' }] });
    expect(closed).toMatchObject({ status: 'completed', retry_count: 0, receipt: { summary: 'finished' } });
    expect(workedOn(closed)).toHaveLength(1);
    const output = await fetch(`${fleet.url}/api/v1${path(id)}/output`, { headers: fleet.headers });
    expect(await output.text()).toBe('finished\n');
  });
});

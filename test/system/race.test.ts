/** 100 tasks, 20 claimers over HTTP and the dispatcher of the local host: each task is granted once. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Api } from '../../examples/demo/api';
import { createFleet, type Fleet, ROLES, untilAnswered, untilClosed } from '../helpers/fleet';
import { workedOn } from '../helpers/worked-on';

jest.setTimeout(600_000);

const TASKS = 100;
const CLAIMERS = 20;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet({}, 2);
  await fleet.start(...ROLES);
});

afterAll(async () => {
  await fleet?.stop();
});

/** Pulls and completes until told to stop; returns the ids of what it was granted. */
async function claimer(api: Api, id: string, stopped: () => boolean): Promise<string[]> {
  const granted: string[] = [];
  while (!stopped()) {
    const reply = await api.post('/tasks/dequeue', {
      agent_id: id,
      capabilities: ['agent:code'],
      wait_ms: 1_000,
    });
    if (reply.status !== 200) continue;
    const { task, lease } = reply.body;
    granted.push(task.id);
    const receipt = { status: 'completed', summary: id };
    const done = { epoch: lease.epoch, completion_id: `by-${id}`, receipt };
    await untilAnswered(
      'the receipt',
      () => api.post(`/tasks/${encodeURIComponent(task.id)}/complete`, done),
      200,
    );
  }
  return granted;
}

it(`grants each of ${TASKS} tasks once to one of ${CLAIMERS} agents or the host`, async () => {
  const agents = await Promise.all(Array.from({ length: CLAIMERS }, (_, i) => fleet.agent(`racer-${i}`)));
  let done = false;
  const claimers = agents.map((api, i) => claimer(api, `racer-${i}`, () => done));
  const ids = Array.from({ length: TASKS }, (_, i) => `race/${i}`);
  const create = (id: string) =>
    untilAnswered(
      `creation of ${id}`,
      () =>
        fleet.admin.post('/tasks', {
          id,
          title: 't',
          body: 'true',
          labels: ['agent:code'],
          template: 'shell',
        }),
      200,
      201,
    );
  // Waves of ten: a burst each time, and the creator is not the bottleneck's victim.
  for (let i = 0; i < TASKS; i += 10) await Promise.all(ids.slice(i, i + 10).map(create));
  const tasks = await Promise.all(ids.map((id) => untilClosed(fleet.admin, id, 180_000)));
  done = true;
  const pulled = (await Promise.all(claimers)).flat();

  expect(new Set(pulled).size).toBe(pulled.length);
  for (const task of tasks) {
    expect(task).toMatchObject({ status: 'completed', retry_count: 0 });
    expect(workedOn(task)).toHaveLength(1);
    const given = task.attempts.length - 1;
    const events = await fleet.admin.events(task.id);
    expect(events.filter((e) => e.type === 'granted')).toHaveLength(1 + given);
    expect(task.epoch).toBe(1 + 2 * given);
  }
  const onHost = tasks.filter((task) => task.execution_mode === 'ssh_cli').map((task) => task.id);
  expect([...pulled, ...onHost].sort()).toEqual([...ids].sort());
});

/** What happens to a task while no worker is up comes to it all at once when one is back. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Role } from '../../workers/role';
import { completeSignal, releaseSignal } from '../../workflows/messages';
import { startControl } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { startTask, type TaskDriver } from '../helpers/task-driver';
import { completion } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

let engine: TestNamespace;
let control: Role | null = null;

beforeAll(async () => {
  engine = await createNamespace('away');
});

beforeEach(async () => {
  control = await startControl(engine.temporal);
});

afterEach(async () => {
  await control?.stop();
  control = null;
});

afterAll(async () => {
  await engine?.close();
});

const hasLease = async ({ handle }: TaskDriver) =>
  ((await handle.describe()).raw.pendingActivities ?? []).length > 0;

async function heldWithoutWorker() {
  const task = await startTask(engine.client);
  const { activity_id } = await task.claim('agent:a', { lease_ms: 1_500 });
  await waitUntil(() => task.heartbeat(activity_id).then(() => true), { what: 'the lease activity' });
  await control?.stop();
  control = null;
  return task;
}

const expired = (task: TaskDriver) =>
  waitUntil(async () => !(await hasLease(task)), { what: 'the lease to run out' });

it('a receipt, and then the end of its lease: the task completes', async () => {
  const task = await heldWithoutWorker();
  await task.handle.signal(completeSignal, completion({ message_id: 'c', epoch: 1, holder: 'agent:a' }));
  await expired(task);
  control = await startControl(engine.temporal);
  expect((await task.handle.result()).view).toMatchObject({ status: 'completed', epoch: 1, retry_count: 0 });
});

it('the end of a lease, and then its receipt: the task completes', async () => {
  const task = await heldWithoutWorker();
  await expired(task);
  await task.handle.signal(completeSignal, completion({ message_id: 'c', epoch: 1, holder: 'agent:a' }));
  control = await startControl(engine.temporal);
  expect((await task.handle.result()).view).toMatchObject({ status: 'completed', epoch: 1, retry_count: 0 });
});

it('a release, and then the end of its lease: the task is free, and goes to another', async () => {
  const task = await heldWithoutWorker();
  const release = { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null } as const;
  await task.handle.signal(releaseSignal, release);
  await expired(task);
  control = await startControl(engine.temporal);
  const { epoch } = await task.claim('agent:b');
  expect(epoch).toBeGreaterThan(1);
  await task.complete({ epoch, holder: 'agent:b' });
  expect((await task.handle.result()).view).toMatchObject({ status: 'completed', retry_count: 0 });
});

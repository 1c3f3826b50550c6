/** What the header of a body asks for: one holder at a time, and a run timeout. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import { lockKey } from '../../api/body-header';
import { lockWorkflowId, taskWorkflowId } from '../../workflows/names';
import type { TestApi } from '../helpers/api-server';
import { claimed, fleetRunner } from '../helpers/fleet-runner';
import { type Platform, startPlatform } from '../helpers/platform';
import { startTask } from '../helpers/task-driver';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;

beforeAll(async () => {
  platform = await startPlatform('fleet-lock');
  ({ engine, api } = platform);
});

afterAll(() => platform?.close());

/** So many jobs that name one lock, and a runner that can do them. */
async function lockedJobs(count: number, header = '') {
  const lock = `lock-${randomUUID()}`;
  const label = `agent:${randomUUID()}`;
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = `---\nlock: ${lock}\n${header}---\ndo it`;
    ids.push((await api.post('/tasks', { title: 't', body, labels: [label] })).body.id);
  }
  const runner = await fleetRunner(api, `f-${randomUUID()}`, { capabilities: [label] });
  const lockId = lockWorkflowId('default', lockKey(lock));
  return { lock, lockId, label, ids, runner };
}

const isOpen = (id: string) =>
  engine.client.workflow
    .getHandle(id)
    .describe()
    .then(
      ({ status }) => status.name === 'RUNNING',
      (error) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );

describe('a lock', () => {
  it('is held by one of many at a time, and each gets it', async () => {
    const { ids, runner, lockId } = await lockedJobs(4);
    const done: string[] = [];
    while (done.length < ids.length) {
      const first = await claimed(runner);
      const others = await Promise.all([runner.claim(), runner.claim(), runner.claim()]);
      expect(others.map(({ status }) => status)).toEqual([204, 204, 204]);
      expect(await isOpen(lockId)).toBe(true);
      expect((await runner.report(first.id, 'building', first.leaseEpoch)).status).toBe(200);
      expect((await runner.report(first.id, 'shipped', first.leaseEpoch)).status).toBe(200);
      done.push(first.id);
    }
    expect(done.sort()).toEqual([...ids].sort());
    await waitUntil(async () => !(await isOpen(lockId)), { what: 'the lock to be gone' });
  });

  it('is granted to exactly one of claims that race for two tasks', async () => {
    for (let round = 0; round < 5; round++) {
      const lock = randomUUID();
      const tasks = [
        await startTask(engine.client, { lock }),
        await startTask(engine.client, { lock }),
        await startTask(engine.client, { lock }),
      ];
      const answers = await Promise.allSettled(
        tasks.flatMap((task) => [task.claim('agent:a'), task.claim('agent:b')]),
      );
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const task of tasks) await task.cancel();
    }
  });

  it('wakes a task that waits as soon as it is free', async () => {
    const lock = randomUUID();
    const first = await startTask(engine.client, { lock });
    const second = await startTask(engine.client, { lock });
    await first.claim('agent:a');
    await expect(second.claim('agent:b')).rejects.toThrow();
    expect(await second.view()).toMatchObject({ status: 'created', not_before: expect.any(String) });
    await first.release(1, 'agent:a');
    await second.until('it is claimable', (r) => r.view.not_before === null);
    expect((await second.claim('agent:b')).epoch).toBe(1);
    await expect(first.claim('agent:a')).rejects.toThrow();
    for (const task of [first, second]) await task.cancel();
  });

  it('stays with a lease that lapsed, for its holder or the next', async () => {
    const lock = randomUUID();
    const first = await startTask(engine.client, { lock });
    const second = await startTask(engine.client, { lock });
    await first.claim('agent:a', { lease_ms: 500 });
    await first.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    await expect(second.claim('agent:b')).rejects.toThrow();
    await first.renew(1, 'agent:a');
    await first.until('the lease has lapsed again', (r) => r.view.lease?.lapsed === true);
    expect((await first.claim('agent:b')).epoch).toBe(2);
    await first.cancel();
    await second.until('it is claimable', (r) => r.view.not_before === null);
    expect((await second.claim('agent:b')).epoch).toBe(1);
    await second.cancel();
  });

  it('is free after its task was terminated', async () => {
    const lock = randomUUID();
    const first = await startTask(engine.client, { lock });
    const second = await startTask(engine.client, { lock });
    await first.claim('agent:a');
    await first.handle.terminate();
    await waitUntil(async () => !(await isOpen(lockWorkflowId('default', lock))), { what: 'the lock to go' });
    expect((await second.claim('agent:b')).epoch).toBe(1);
    await second.cancel();
  });

  it('of a claim that was given up while it waited is given back', async () => {
    const lock = randomUUID();
    const task = await startTask(engine.client, { lock });
    const claim = task.claim('agent:a', { request_id: 'lost' });
    await task.voidClaim('lost', 'agent:a');
    await claim.catch(() => undefined);
    await task.until('nobody holds it', (r) => r.view.lease === null && r.view.status === 'created');
    await waitUntil(async () => !(await isOpen(lockWorkflowId('default', lock))), { what: 'the lock to go' });
    expect((await task.claim('agent:b')).work.id).toBe(task.input.task_id);
    await task.cancel();
  });

  it('goes with the task through continue-as-new', async () => {
    const lock = randomUUID();
    const task = await startTask(engine.client, { lock, max_history_events: 20 });
    for (let round = 0; round < 4; round++) {
      const { epoch } = await waitUntil(() => task.claim('agent:a').catch(() => false as const), {
        what: 'a claim',
        timeoutMs: 60_000,
      });
      await task.release(epoch, 'agent:a');
    }
    const { raw } = await task.handle.describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
    await task.cancel();
    await waitUntil(async () => !(await isOpen(lockWorkflowId('default', lock))), { what: 'the lock to go' });
  });

  it('of another product is another lock', async () => {
    const lock = randomUUID();
    const tasks = [
      await startTask(engine.client, { lock, product: 'p1' }),
      await startTask(engine.client, { lock, product: 'p2' }),
    ];
    for (const task of tasks) expect((await task.claim('agent:a')).epoch).toBe(1);
    for (const task of tasks) await task.cancel();
  });

  it('leaves its name in no id', async () => {
    const { lock, ids, runner } = await lockedJobs(1);
    await claimed(runner);
    const found: string[] = [];
    for await (const info of engine.client.workflow.list()) found.push(info.workflowId);
    expect(found.filter((id) => id.includes(lock))).toEqual([]);
    expect(found).toContain(taskWorkflowId(ids[0] ?? ''));
  });
});

describe('a timeout', () => {
  it('ends an attempt, however well it is renewed', async () => {
    const { ids, runner } = await lockedJobs(1, 'timeout: 1s\n');
    const { id, leaseEpoch } = await claimed(runner);
    expect(id).toBe(ids[0]);
    const refused = await waitUntil(
      async () => {
        const answer = await runner.renew(id, leaseEpoch);
        return answer.status !== 200 && answer;
      },
      { what: 'the timeout' },
    );
    expect(refused).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
    expect((await runner.get(id, '/runs')).body.runs[0]).toMatchObject({ outcome: 'run_timeout' });
  });
});

/** Time limits that no renewal moves, and what a task carries from one holder to the next. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { RunRequest } from '../../contracts/run';
import { claimUpdate } from '../../workflows/messages';
import { hostQueue, taskWorkflowId } from '../../workflows/names';
import type { Answer, TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { pullableTask } from '../helpers/pulled-task';
import { claimBy } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

/** Configured, so that a task it could do is not one for agents alone; the test is its worker. */
const BOX = 'box';
const BOX_LABEL = 'agent:box';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
let other: TestApi;
type Pulled = Awaited<ReturnType<typeof pullableTask>>;

beforeAll(async () => {
  const hosts = { [BOX]: { capabilities: [BOX_LABEL] } };
  platform = await startPlatform('api-limits', { config: { hosts } });
  ({ engine, api } = platform);
  other = await platform.another({ config: { hosts } });
});

afterAll(() => platform?.close());

describe('a holder that renews for ever', () => {
  /** Renews until it is told anything but to go on. */
  async function renewForEver(
    task: Awaited<ReturnType<typeof pullableTask>>,
    token: string,
  ): Promise<Answer> {
    const first = await task.say(token, 'heartbeat');
    expect(first.body.directive).toBe('continue');
    return waitUntil(
      async () => {
        const beat = await task.say(token, 'heartbeat');
        return (beat.status !== 200 || beat.body.directive !== 'continue') && beat;
      },
      { what: 'the end of renewals', timeoutMs: 60_000 },
    );
  }

  it('is ended by run_ms and told to terminate; the task goes on with another', async () => {
    const task = await pullableTask(api, { max_retries: 1, timeouts: { run_ms: 8_000 } });
    const { lease } = (await task.pull('ada')).body;
    const last = await renewForEver(task, lease.token);
    expect(last).toMatchObject({ status: 200, body: { directive: 'terminate' } });
    expect(last.headers.get('signalbox-directive')).toBe('terminate');
    expect((await task.complete(lease.token)).body.code).toBe('stale_epoch');
    expect(await task.view()).toMatchObject({
      retry_count: 1,
      attempts: [{ epoch: 1, outcome: 'run_timeout', failure: { code: 'run_timeout' } }],
    });
    expect((await task.pull('bob')).body.task.attempt).toBe(2);
  });

  it('is ended by total_ms, with the task', async () => {
    const task = await pullableTask(api, { timeouts: { total_ms: 8_000 } });
    const { lease } = (await task.pull('ada')).body;
    const last = await renewForEver(task, lease.token);
    // The server may say so before the workflow is closed.
    expect([200, 410]).toContain(last.status);
    expect(last.headers.get('signalbox-directive')).toBe('terminate');
    expect(await task.view()).toMatchObject({ status: 'failed', reason: { code: 'total_timeout' } });
  });
});

describe('a checkpoint', () => {
  const checkpoint = { branch: 'wip', commit: '0123abc', session_id: 's-1' };

  it('of a renewal outlives an attempt that is ended by its time limit', async () => {
    const task = await pullableTask(api, { timeouts: { run_ms: 8_000 } });
    const { lease } = (await task.pull('ada')).body;
    expect((await task.say(lease.token, 'heartbeat', { checkpoint })).status).toBe(200);
    await waitUntil(async () => (await task.view()).retry_count === 1, { what: 'the attempt to be ended' });
    expect((await task.pull('bob')).body.task.checkpoint).toEqual(checkpoint);
  });

  it.each([
    ['given back without one', async (task: Pulled, token: string) => task.say(token, 'release', {}, other)],
    ['left to lapse', async () => undefined],
  ])('of a renewal, and not of the last one, is that of a task which is %s', async (_, leave) => {
    const task = await pullableTask(api, { timeouts: { lease_ms: 2_000 } });
    const { lease } = (await task.pull('ada')).body;
    // Too soon after the first to be told to the task: it is in the renewals alone.
    for (const body of [{ checkpoint: { branch: 'first' } }, { checkpoint }, {}]) {
      expect((await task.say(lease.token, 'heartbeat', body)).status).toBe(200);
    }
    expect((await task.say(lease.token, 'heartbeat', {}, other)).status).toBe(200);
    await leave(task, lease.token);
    expect((await task.pull('bob')).body.task.checkpoint).toEqual(checkpoint);
  });

  it('goes from an agent that gives the task back to the host that takes it next, and back', async () => {
    const task = await pullableTask(api, { label: BOX_LABEL, max_retries: 3 });
    const { lease } = (await task.pull('ada')).body;
    const released = await task.say(lease.token, 'release', { checkpoint });
    expect(released.body).toMatchObject({
      status: 'created',
      execution_mode: 'undecided',
      retry_count: 0,
      checkpoint,
      attempts: [{ outcome: 'released' }],
    });

    const asked: RunRequest[] = [];
    const later = { branch: 'wip', commit: '4567def' };
    const connection = await NativeConnection.connect({ address: engine.address });
    const worker = await Worker.create({
      connection,
      namespace: engine.namespace,
      taskQueue: hostQueue(BOX),
      activities: {
        async startRun(request: RunRequest) {
          asked.push(request);
          const process = { pid: 1, start_time: '1', boot_id: 'b' };
          return { attempt_id: request.attempt_id, run_dir: '/r', work_dir: '/w', process, adopted: false };
        },
        async followRun() {
          const failure = { code: 'exit_code', message: 'ended with 1' };
          return {
            receipt: null,
            failure,
            exit_code: 1,
            duration_ms: 1,
            output_ref: null,
            checkpoint: later,
          };
        },
      },
    });
    await worker.runUntil(async () => {
      const claim = claimBy(`host:${BOX}`, {
        request_id: randomUUID(),
        not_after: Date.now() + 10_000,
        capabilities: [task.label],
      });
      const handle = engine.client.workflow.getHandle(taskWorkflowId(task.id));
      await handle.executeUpdate(claimUpdate, { args: [claim] });
      await waitUntil(async () => (await task.view()).retry_count === 1, { what: 'the run to fail' });
    });
    await connection.close();
    expect(asked.map((request) => request.checkpoint)).toEqual([checkpoint]);
    expect((await task.pull('bob')).body.task).toMatchObject({ attempt: 3, checkpoint: later });
  });
});

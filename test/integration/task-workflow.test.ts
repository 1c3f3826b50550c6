import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Role } from '../../workers/role';
import { quarantineWorkflowId } from '../../workflows/names';
import { CLAIMABLE_SINCE, HOLDER, TASK_STATUS } from '../../workflows/search-attributes';
import { startControl } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { startTask, type TaskDriver } from '../helpers/task-driver';
import { taskInput } from '../helpers/task-input';
import { receipt } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

let engine: TestNamespace;
let control: Role;

beforeAll(async () => {
  engine = await createNamespace('task');
  control = await startControl(engine.temporal);
});

afterAll(async () => {
  await control?.stop();
  await engine?.close();
});

const start = (over: Parameters<typeof startTask>[1] = {}) => startTask(engine.client, over);

async function refusal(claim: Promise<unknown>): Promise<string | undefined> {
  const error = await claim.then(
    () => null,
    (e: unknown) => e,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw error ?? new Error('was not refused');
  return (error.cause as { type?: string }).type;
}

/** A lease can be kept alive from when a worker has picked its activity up, which is soon after the grant. */
const firstHeartbeat = (task: TaskDriver, activityId: string, checkpoint?: { branch: string }) =>
  waitUntil(() => task.heartbeat(activityId, checkpoint).then(() => true), { what: 'the lease activity' });

const events = async (task: TaskDriver) => (await task.handle.describe()).historyLength;

describe('a task that an agent pulls', () => {
  it('goes from claim to its result', async () => {
    const task = await start();
    const grant = await task.claim('agent:a');
    expect(grant).toMatchObject({ epoch: 1, activity_id: 'lease-1-1' });
    expect((await task.handle.describe()).typedSearchAttributes.get(HOLDER)).toBe('agent:a');
    expect(await task.complete()).toMatchObject({ code: 'accepted' });
    const report = await task.handle.result();
    expect(report.view).toMatchObject({
      status: 'completed',
      execution_mode: 'http_pull',
      assigned_agent_id: 'a',
    });
    const { typedSearchAttributes } = await task.handle.describe();
    expect(typedSearchAttributes.get(TASK_STATUS)).toBe('completed');
  });

  it('is granted to exactly one of twelve that claim at once', async () => {
    const task = await start();
    const claims = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => task.claim(`agent:a${i}`)));
    expect(claims.filter((c) => c.status === 'fulfilled')).toHaveLength(1);
    expect((await task.view()).epoch).toBe(1);
    await task.cancel();
  });

  it('answers a repeated claim with the same grant', async () => {
    const task = await start();
    const first = await task.claim('agent:a', { request_id: 'same' });
    expect(await task.claim('agent:a', { request_id: 'same' })).toEqual(first);
    await task.cancel();
  });

  it('adds no event for a renewal', async () => {
    const task = await start();
    const { activity_id } = await task.claim('agent:a');
    await firstHeartbeat(task, activity_id);
    const before = await events(task);
    for (let i = 0; i < 100; i++) await task.heartbeat(activity_id);
    expect(await events(task)).toBe(before);
    await task.cancel();
  });

  it('is claimable again when its lease expires, and its holder may come back as long as nobody took it', async () => {
    const task = await start();
    const grant = await task.claim('agent:a', { lease_ms: 3_000 });
    await firstHeartbeat(task, grant.activity_id, { branch: 'wip' });
    const lapsed = await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    expect(lapsed.view).toMatchObject({ status: 'created', retry_count: 0, checkpoint: { branch: 'wip' } });
    expect(await task.renew(1, 'agent:a')).toMatchObject({ epoch: 1, activity_id: 'lease-1-2' });
    // Scheduled with the reply, started a moment later.
    await waitUntil(() => task.heartbeat('lease-1-2').then(() => true), { what: 'the new lease activity' });
    expect(await task.complete({ epoch: 1 })).toMatchObject({ code: 'accepted' });
  });

  it('is taken over after expiry: the old holder is stale and its receipt quarantined', async () => {
    const task = await start();
    const grant = await task.claim('agent:a', { lease_ms: 3_000 });
    await firstHeartbeat(task, grant.activity_id);
    await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    expect(await task.claim('agent:b')).toMatchObject({ epoch: 2 });
    expect(await refusal(task.renew(1, 'agent:a'))).toBe('stale_epoch');
    const late = await task.complete({ epoch: 1, message_id: 'late' });
    const id = quarantineWorkflowId(task.input.task_id, 1, 'late');
    expect(late).toMatchObject({ code: 'stale_epoch', quarantine_id: id });
    await waitUntil(async () => (await engine.client.workflow.getHandle(id).describe()).memo?.quarantine, {
      what: 'the quarantine',
    });
    expect(await task.complete({ epoch: 2, holder: 'agent:b' })).toMatchObject({ code: 'accepted' });
    expect((await task.handle.result()).view).toMatchObject({ retry_count: 1, receipt: { summary: 'done' } });
    await engine.client.workflow.getHandle(id).terminate();
  });

  it('cancels the lease activity of a revoked holder, so that its next renewal is told to stop', async () => {
    const task = await start();
    const grant = await task.claim('agent:a');
    await firstHeartbeat(task, grant.activity_id);
    await task.cancel();
    await expect(task.heartbeat(grant.activity_id)).rejects.toThrow();
    expect((await task.handle.result()).view).toMatchObject({
      status: 'cancelled',
      reason: { code: 'cancelled' },
    });
  });

  it('forgets a claim that was given up, before or after it was granted', async () => {
    const task = await start();
    await task.voidClaim('early', 'agent:a');
    expect(await refusal(task.claim('agent:a', { request_id: 'early' }))).toBe('voided');
    await task.claim('agent:a', { request_id: 'granted' });
    await task.voidClaim('granted', 'agent:a');
    await task.until('it is free again', (r) => r.view.status === 'created');
    expect((await task.claim('agent:b')).epoch).toBe(3);
    await task.cancel();
  });

  it('refuses a claim that comes after its caller gave up', async () => {
    const task = await start();
    expect(await refusal(task.claim('agent:a', { not_after: Date.now() - 60_000 }))).toBe('too_late');
    await task.cancel();
  });

  it('counts a message once, however often it is sent', async () => {
    const task = await start({ max_retries: 5, backoff: { initial_ms: 60_000, max_ms: 60_000 } });
    await task.claim('agent:a');
    const failed = { message_id: 'same', receipt: receipt({ status: 'failed' }) };
    await task.complete(failed);
    await task.complete(failed);
    expect(await task.view()).toMatchObject({ retry_count: 1, status: 'created' });
    await task.cancel();
  });
});

describe('retries, reviews and time limits', () => {
  it('fails as a workflow when no retry is left, with the report in the failure', async () => {
    const task = await start({ max_retries: 1, backoff: { initial_ms: 50, max_ms: 50 } });
    for (const epoch of [1, 2]) {
      await task.until('it is claimable', (r) => r.view.status === 'created' && r.view.not_before === null);
      await task.claim('agent:a');
      await task.status(epoch, 'agent:a', 'failed');
    }
    await expect(task.handle.result()).rejects.toMatchObject({
      cause: { type: 'TaskFailed', details: [{ view: { status: 'failed', retry_count: 1 } }] },
    });
  });

  it('loops through reviews up to the limit', async () => {
    const task = await start({ max_retries: 1, review: 'required' });
    for (const epoch of [1, 2]) {
      await task.claim('agent:a');
      await task.complete({ epoch });
      expect(await task.view()).toMatchObject({ status: 'review_pending', execution_mode: 'http_pull' });
      await task.review('rejected');
    }
    await expect(task.handle.result()).rejects.toMatchObject({
      cause: { details: [{ view: { reason: { code: 'review_limit' } } }] },
    });
  });

  it.each([
    ['queue_wait_ms', 'queue_timeout', false],
    ['total_ms', 'total_timeout', false],
    ['run_ms', 'run_timeout', true],
  ])('%s ends the task as %s', async (limit, code, claims) => {
    const { timeouts } = taskInput();
    const task = await start({ max_retries: 0, timeouts: { ...timeouts, [limit]: 300 } });
    if (claims) await task.claim('agent:a');
    await expect(task.handle.result()).rejects.toMatchObject({
      cause: { details: [{ view: { reason: { code } } }] },
    });
  });

  it('takes an assignment back that is not taken up, uncharged', async () => {
    const { timeouts } = taskInput();
    const task = await start({ timeouts: { ...timeouts, assign_ms: 5_000 } });
    await task.assign('agent:x');
    expect(await task.view()).toMatchObject({
      status: 'assigned',
      execution_mode: 'http_pull',
      assigned_agent_id: 'x',
    });
    expect(await refusal(task.claim('agent:y'))).toBe('assigned_to_other');
    expect(await refusal(task.assign('agent:y'))).toBe('not_created');
    await task.until(
      'it is free',
      (r) => r.view.status === 'created' && r.view.execution_mode === 'undecided',
    );
    await task.claim('agent:y');
    expect(await task.complete({ holder: 'agent:y' })).toMatchObject({ code: 'accepted' });
  });

  it('continues as new between attempts and keeps all it knows', async () => {
    const task = await start({ max_history_events: 30, max_retries: 3 });
    const first = (await task.handle.describe()).runId;
    for (let epoch = 1; epoch <= 11; epoch += 2) {
      await task.claim('agent:a');
      await task.release(epoch, 'agent:a');
    }
    const last = await task.handle.describe();
    expect(last.runId).not.toBe(first);
    expect(last.typedSearchAttributes.get(CLAIMABLE_SINCE)?.getTime()).toBeGreaterThan(0);
    expect((await task.view()).attempts).toHaveLength(6);
    expect((await task.claim('agent:a')).epoch).toBe(13);
    expect(await task.complete({ epoch: 13 })).toMatchObject({ code: 'accepted' });
  });

  it('treats Cancel in the Temporal UI as a cancellation of the task', async () => {
    const task = await start();
    await task.claim('agent:a');
    await task.handle.cancel();
    expect((await task.handle.result()).view).toMatchObject({
      status: 'cancelled',
      reason: { message: 'by operator: requested in Temporal' },
    });
  });
});

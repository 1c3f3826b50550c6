/** Lives whose histories are recorded: between them they take every path of the workflows that leaves commands. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure, type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { Delivery } from '../../contracts/forge';
import type { TemporalAddress } from '../../workers/role';
import {
  admissionSignal,
  claimUpdate,
  decideQuarantineSignal,
  forgetSignal,
  holderQuery,
  killSignal,
  registerSignal,
} from '../../workflows/messages';
import {
  CONTROL_QUEUE,
  deliveryWorkflowId,
  holderWorkflowId,
  lockWorkflowId,
  quarantineWorkflowId,
  reportWorkflowId,
  taskWorkflowId,
} from '../../workflows/names';
import type { TaskInput } from '../../workflows/task/types';
import { fromForge, heard, opened, sha } from '../helpers/forge-task';
import { recordingForge, startForgeWorker } from '../helpers/forge-worker';
import { driveTask, startTask } from '../helpers/task-driver';
import { taskInput } from '../helpers/task-input';
import { claimBy, receipt } from '../helpers/task-state';
import { startVisibleTask } from '../helpers/visible-task';
import { waitUntil } from '../helpers/wait-until';

/** The first has the lock, and the second waits for it. */
async function contention(client: Client) {
  const lock = randomUUID();
  const first = await startTask(client, { lock });
  const second = await startTask(client, { lock });
  await first.claim('agent:a');
  await second.claim('agent:b').catch(() => undefined);
  return { first, second, lockId: lockWorkflowId(first.input.product, lock) };
}

/** Of which nobody takes the activity. */
async function undelivered(client: Client): Promise<string> {
  const { workflowId } = await client.workflow.start('delivery', {
    workflowId: deliveryWorkflowId('main', randomUUID()),
    taskQueue: CONTROL_QUEUE,
    args: [
      {
        source: 'main',
        delivery_id: 'd',
        received_at: 0,
        event: {
          kind: 'push',
          repository: {
            full_name: 'org/repo',
            clone_url: 'https://forge.example/org/repo.git',
            default_branch: 'main',
          },
          sender: 'ada',
          branch: 'task/42',
          after: 'a'.repeat(40),
        },
      } satisfies Delivery,
    ],
  });
  const handle = client.workflow.getHandle(workflowId);
  await waitUntil(async () => (await handle.describe()).raw.pendingActivities?.length === 1, {
    what: 'the delivery to be handled',
  });
  return workflowId;
}

/** Started with its first claim, as a task for which somebody waits. */
async function begunByClaim(client: Client, over: Partial<TaskInput> = {}) {
  const input = taskInput({ task_id: `t/${randomUUID()}`, created_at: Date.now(), ...over });
  const workflowId = taskWorkflowId(input.task_id);
  await client.workflow.executeUpdateWithStart(claimUpdate, {
    args: [claimBy('agent:a', { request_id: randomUUID(), not_after: Date.now() + 60_000 })],
    startWorkflowOperation: new WithStartWorkflowOperation('task', {
      workflowId,
      taskQueue: CONTROL_QUEUE,
      args: [{ input }],
      workflowIdConflictPolicy: 'FAIL',
    }),
  });
  await driveTask(client, client.workflow.getHandle(workflowId), input).complete();
  return workflowId;
}

/** Each answers the id of the workflow whose history is kept. */
export const SCENARIOS: Record<string, (client: Client, temporal: TemporalAddress) => Promise<string>> = {
  'delivery-waiting': undelivered,
  'task-begun-by-its-claim': (client) => begunByClaim(client),
  'task-with-a-lock-begun-by-its-claim': (client) => begunByClaim(client, { lock: randomUUID() }),
  async 'task-pulled'(client) {
    const task = await startTask(client);
    const { activity_id } = await task.claim('agent:a');
    await waitUntil(() => task.heartbeat(activity_id).then(() => true), { what: 'the lease' });
    await task.status(1, 'agent:a', 'running');
    await task.complete();
    return task.handle.workflowId;
  },
  async 'task-lapsed-and-renewed'(client) {
    const task = await startTask(client);
    await task.claim('agent:a', { lease_ms: 500 });
    await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    await task.renew(1, 'agent:a');
    await task.complete();
    return task.handle.workflowId;
  },
  async 'task-taken-over'(client) {
    const task = await startTask(client);
    const { activity_id } = await task.claim('agent:a', { lease_ms: 3_000 });
    await waitUntil(() => task.heartbeat(activity_id).then(() => true), { what: 'the lease' });
    await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    await task.claim('agent:b');
    await task.complete({ message_id: 'late' });
    await task.complete({ epoch: 2, holder: 'agent:b' });
    return task.handle.workflowId;
  },
  async 'task-over-the-review-limit'(client) {
    const task = await startTask(client, { review: 'required', max_retries: 1 });
    for (const epoch of [1, 2]) {
      await task.claim('agent:a');
      await task.complete({ epoch });
      await task.review('rejected');
    }
    return task.handle.workflowId;
  },
  async 'task-retried-and-failed'(client) {
    const task = await startTask(client, { max_retries: 1, backoff: { initial_ms: 50, max_ms: 50 } });
    for (const epoch of [1, 2]) {
      await task.until('it is claimable', (r) => r.view.status === 'created' && r.view.not_before === null);
      await task.claim('agent:a');
      await task.complete({ epoch, receipt: receipt({ status: 'failed' }) });
    }
    return task.handle.workflowId;
  },
  async 'task-assigned-voided-released'(client) {
    const { timeouts } = taskInput();
    const task = await startTask(client, { timeouts: { ...timeouts, assign_ms: 300 } });
    await task.assign('agent:x');
    await task.until('it is free', (r) => r.view.status === 'created');
    await task.claim('agent:a', { request_id: 'lost' });
    await task.voidClaim('lost', 'agent:a');
    await task.claim('agent:a');
    await task.release(3, 'agent:a');
    await task.cancel();
    return task.handle.workflowId;
  },
  async 'task-continued'(client) {
    const task = await startTask(client, { max_history_events: 20 });
    for (let epoch = 1; epoch <= 7; epoch += 2) {
      await task.claim('agent:a');
      await task.release(epoch, 'agent:a');
    }
    await task.claim('agent:a');
    await task.complete({ epoch: 9 });
    return task.handle.workflowId;
  },
  async 'task-with-stages'(client) {
    const task = await startTask(client);
    await task.claim('agent:a');
    for (const stage of ['building', 'testing', 'review', 'blocked'] as const)
      await task.stage(1, 'agent:a', stage);
    await task.complete();
    return task.handle.workflowId;
  },
  async 'task-that-waited-for-its-lock'(client) {
    const { first, second } = await contention(client);
    await first.cancel();
    await second.until('it is claimable', (r) => r.view.not_before === null);
    await second.claim('agent:b', { lease_ms: 500 });
    await second.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    await second.claim('agent:a');
    await second.complete({ epoch: 2 });
    return second.handle.workflowId;
  },
  async 'lock-that-was-waited-for'(client) {
    const { first, second, lockId } = await contention(client);
    await first.release(1, 'agent:a');
    await second.until('it is claimable', (r) => r.view.not_before === null);
    await client.workflow.getHandle(lockId).result();
    for (const task of [first, second]) await task.cancel();
    return lockId;
  },
  async 'task-without-a-host-worker'(client) {
    const task = await startTask(client, { host_lost_after_ms: 1_000, kill_grace_ms: 100, max_retries: 0 });
    await task.claim('host:nowhere');
    await task.handle.result().catch(() => undefined);
    return task.handle.workflowId;
  },
  async 'task-cancelled-on-a-host'(client) {
    const task = await startTask(client, { host_lost_after_ms: 1_000, kill_grace_ms: 100 });
    await task.claim('host:nowhere');
    await task.cancel();
    await task.handle.result();
    return task.handle.workflowId;
  },
  async 'task-taken-from-a-killed-holder'(client) {
    const task = await startTask(client);
    await task.claim('agent:a');
    await task.revoke(1, 'agent:a');
    await task.assign('agent:a');
    await task.revoke(null, 'agent:a');
    await task.claim('agent:b');
    await task.complete({ epoch: 3, holder: 'agent:b' });
    return task.handle.workflowId;
  },
  async 'quarantine-discarded'(client) {
    const task = await startTask(client);
    await task.claim('agent:a');
    await task.release(1, 'agent:a');
    await task.complete({ message_id: 'late' });
    await task.cancel();
    const id = quarantineWorkflowId(task.input.task_id, 1, 'late');
    const handle = client.workflow.getHandle(id);
    await waitUntil(() => handle.describe(), { what: 'the quarantine' });
    await handle.signal(decideQuarantineSignal, { message_id: 'd', decision: 'discarded', by: 'test' });
    await handle.result();
    return id;
  },
  async 'quarantine-accepted'(client) {
    const task = await startTask(client);
    await task.claim('agent:a');
    await task.release(1, 'agent:a');
    await task.complete({ message_id: 'late' });
    const id = quarantineWorkflowId(task.input.task_id, 1, 'late');
    const handle = client.workflow.getHandle(id);
    await waitUntil(() => handle.describe(), { what: 'the quarantine' });
    await handle.signal(decideQuarantineSignal, { message_id: 'd', decision: 'accepted', by: 'test' });
    await handle.result();
    return id;
  },
  async 'task-that-adopts-a-late-receipt'(client) {
    const task = await startTask(client);
    await task.claim('agent:a', { lease_ms: 500 });
    await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    await task.complete({ message_id: 'q', holder: 'carol', manual: true, adopt: true });
    await task.handle.result();
    return task.handle.workflowId;
  },
  async 'task-of-a-forge'(client) {
    const task = await startTask(client, fromForge({ max_retries: 3 }));
    await task.edit({ title: 'another', labels: ['agent:review'], updated_at: 5 });
    await task.claim('agent:a', { lease_ms: 1_000 });
    await task.hear(opened());
    await task.until('it is in review', (r) => r.view.status === 'review_pending');
    await task.review('rejected');
    await task.claim('agent:a');
    await task.hear(heard({ head_sha: sha('b'), updated_at: 200 }));
    await task.complete({ epoch: 3 });
    await task.review('approved');
    await task.hear(heard({ state: 'merged', updated_at: 300 }));
    await task.handle.result();
    await client.workflow.getHandle(reportWorkflowId(task.input.task_id)).terminate();
    return task.handle.workflowId;
  },
  async 'task-of-a-forge-run-again'(client) {
    const task = await startTask(client, fromForge());
    await task.cancel();
    await task.handle.result();
    const { workflowId } = await client.workflow.start('task', {
      workflowId: task.handle.workflowId,
      taskQueue: CONTROL_QUEUE,
      args: [{ input: { ...task.input, first_epoch: 5 } }],
    });
    for (let epoch = 5; epoch <= 9; epoch += 2) {
      await task.claim('agent:a');
      await task.release(epoch, 'agent:a');
    }
    await task.hear(heard({ state: 'merged', updated_at: Date.now() }));
    await task.handle.result();
    await client.workflow.getHandle(reportWorkflowId(task.input.task_id)).terminate();
    return workflowId;
  },
  async 'report-that-was-told'(client, temporal) {
    const forge = recordingForge();
    forge.answer = () => ({ comment_id: 5, pull: opened().pull });
    forge.before = ({ report }) => {
      if (report.status === 'assigned') throw ApplicationFailure.nonRetryable('no', 'forbidden');
    };
    const task = await startTask(client, fromForge({ max_history_events: 60 }));
    const handle = client.workflow.getHandle(reportWorkflowId(task.input.task_id));
    const replaced = async () =>
      (await handle.fetchHistory()).events?.some((event) => event.activityTaskCanceledEventAttributes);
    await waitUntil(async () => (await handle.describe()).raw.pendingActivities?.length, {
      what: 'the first try',
    });
    await task.claim('agent:a');
    await waitUntil(replaced, { what: 'the report to be replaced' });
    const worker = await startForgeWorker(temporal, forge.activities);
    await waitUntil(async () => (await handle.describe()).memo?.problem, { what: 'the refusal' });
    await task.complete();
    await waitUntil(() => forge.asked.length > 0, { what: 'the review to be asked for' });
    await task.cancel();
    await handle.result();
    await worker.stop();
    return handle.workflowId;
  },
  async 'holder-killed-and-forgotten'(client) {
    const profile = {
      kind: 'agent' as const,
      id: `killed-${Date.now()}`,
      capabilities: [],
      slots: 1,
      version: null,
      product: null,
      presence_ms: 60_000,
    };
    const handle = await client.workflow.start('holder', {
      workflowId: holderWorkflowId(`agent:${profile.id}`),
      taskQueue: CONTROL_QUEUE,
      args: [profile],
    });
    const task = await startVisibleTask(client);
    await task.claim(`agent:${profile.id}`);
    await handle.signal(killSignal, { id: 'k1', by: 'test', reason: null });
    await waitUntil(async () => (await handle.query(holderQuery)).killed?.settled, {
      what: 'the kill to be through',
      timeoutMs: 40_000,
    });
    await task.until('it is free', (r) => r.view.status === 'created');
    await handle.signal(admissionSignal, { order: 'uncordon', by: 'test', reason: null });
    await handle.signal(forgetSignal);
    await handle.result();
    await task.cancel();
    return handle.workflowId;
  },
  async 'holder-away-and-back'(client) {
    const profile = {
      kind: 'agent' as const,
      id: `replayed-${Date.now()}`,
      capabilities: [],
      slots: 1,
      version: null,
      product: null,
      presence_ms: 3_000,
    };
    const options = {
      workflowId: holderWorkflowId(`agent:${profile.id}`),
      taskQueue: CONTROL_QUEUE,
      args: [profile],
    };
    const handle = await client.workflow.start('holder', options);
    const presence = (wanted: string) =>
      waitUntil(async () => (await handle.query<{ presence: string }>('holder')).presence === wanted, {
        what: wanted,
      });
    await presence('offline');
    await handle.signal(registerSignal, profile);
    await presence('online');
    await presence('offline');
    await handle.terminate();
    return handle.workflowId;
  },
};

/** Tasks of a forge: what its pull request means to them, whatever they are at. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Role } from '../../workers/role';
import { TASK_LABELS } from '../../workflows/search-attributes';
import { startControl } from '../helpers/control-worker';
import { fromForge, heard, ORIGIN, opened, sha } from '../helpers/forge-task';
import { recordingForge, startForgeWorker } from '../helpers/forge-worker';
import { testHosts } from '../helpers/host-role';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { startTask, type TaskDriver } from '../helpers/task-driver';
import { receipt } from '../helpers/task-state';
import { startVisibleTask } from '../helpers/visible-task';
import { waitUntil } from '../helpers/wait-until';

let engine: TestNamespace;
let control: Role;
let forge: Awaited<ReturnType<typeof startForgeWorker>>;

beforeAll(async () => {
  engine = await createNamespace('forge');
  control = await startControl(engine.temporal);
  forge = await startForgeWorker(engine.temporal, recordingForge().activities);
});

afterAll(async () => {
  await forge?.stop();
  await control?.stop();
  await engine?.close();
});

const start = (over: Parameters<typeof startTask>[1] = {}) => startTask(engine.client, fromForge(over));
const merge = heard({ state: 'merged', updated_at: 900 });

async function claimed(task: TaskDriver, leaseMs = 60_000) {
  const { activity_id } = await task.claim('agent:a', { lease_ms: leaseMs });
  await waitUntil(() => task.heartbeat(activity_id).then(() => true), { what: 'the lease activity' });
  return task;
}

const silent = async (task: TaskDriver) => {
  await claimed(task, 3_000);
  await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
};

const inReview = async (task: TaskDriver) => {
  await task.claim('agent:a');
  await task.complete();
};

describe('a pull request', () => {
  it('that is opened while the task is held is reviewed after the receipt, approved, and merged', async () => {
    const task = await start();
    await task.claim('agent:a');
    expect(await task.hear(opened())).toMatchObject({ code: 'ok' });
    expect(await task.view()).toMatchObject({ status: 'assigned', lease: { holder: 'agent:a' } });
    await task.complete();
    expect(await task.view()).toMatchObject({ status: 'review_pending' });
    await task.review('approved');
    expect(await task.view()).toMatchObject({
      status: 'review_pending',
      pr_url: 'https://forge.test/org/repo/pulls/7',
      pull: { number: 7, state: 'open', approved: true },
      origin: { source: 'forge', repository: 'org/repo', issue: 1, url: ORIGIN.url },
    });
    await task.hear(merge);
    expect((await task.handle.result()).view).toMatchObject({
      status: 'completed',
      pull: { state: 'merged', approved: true },
    });
  });

  it('of a holder that goes silent is reviewed one lease length later', async () => {
    const task = await start();
    await claimed(task, 1_000);
    await task.hear(opened());
    const over = await task.until('it is in review', (r) => r.view.status === 'review_pending');
    expect(over.view).toMatchObject({ epoch: 2, retry_count: 0, receipt: null, lease: null });
    expect(over.view.attempts[0]).toMatchObject({ outcome: 'pull_request' });
    await task.hear(merge);
  });

  it('of a holder that comes back in time stays its work', async () => {
    const task = await start();
    await claimed(task, 1_500);
    await task.hear(opened());
    await task.until('the lease has lapsed', (r) => r.view.lease?.lapsed === true);
    await task.renew(1, 'agent:a');
    expect(await task.complete({ epoch: 1 })).toMatchObject({ code: 'accepted' });
    expect(await task.view()).toMatchObject({ status: 'review_pending', receipt: { summary: 'done' } });
    await task.hear(merge);
  });

  it('of a task that was given back, or failed, is reviewed', async () => {
    const given = await start();
    await given.claim('agent:a');
    await given.hear(opened());
    await given.release(1, 'agent:a');
    expect(await given.view()).toMatchObject({ status: 'review_pending' });
    const failed = await start({ backoff: { initial_ms: 60_000, max_ms: 60_000 } });
    await failed.claim('agent:a');
    await failed.status(1, 'agent:a', 'failed');
    await failed.hear(opened());
    expect(await failed.view()).toMatchObject({ status: 'review_pending', not_before: null });
    for (const task of [given, failed]) await task.hear(merge);
  });

  it('that is closed without a merge cancels the task, and its holder is told to stop', async () => {
    const task = await claimed(await start());
    await task.hear(opened());
    await task.hear(heard({ state: 'closed', updated_at: 200 }));
    await expect(task.heartbeat('lease-1-1')).rejects.toThrow();
    expect((await task.handle.result()).view).toMatchObject({
      status: 'cancelled',
      reason: { code: 'pull_closed' },
    });
  });

  it.each<[string, (task: TaskDriver) => Promise<unknown>]>([
    ['created', async () => undefined],
    ['assigned', (task) => task.assign('agent:x')],
    ['held', (task) => claimed(task)],
    ['running', (task) => claimed(task).then(() => task.status(1, 'agent:a', 'running'))],
    ['held by one that went silent', silent],
    ['being tried again', (task) => claimed(task).then(() => task.status(1, 'agent:a', 'failed'))],
    ['in review', inReview],
    [
      'approved',
      (task) =>
        inReview(task)
          .then(() => task.hear(opened()))
          .then(() => task.review('approved')),
    ],
    ['sent back', (task) => inReview(task).then(() => task.review('rejected'))],
    ['held by a host', (task) => task.claim('host:nowhere')],
    ['being cancelled', (task) => task.claim('host:nowhere').then(() => task.cancel())],
  ])('that is merged while the task is %s completes it', async (_, live) => {
    const task = await start({ host_lost_after_ms: 2_000, kill_grace_ms: 100 });
    await live(task);
    await task.hear(merge);
    expect((await task.handle.result()).view).toMatchObject({
      status: 'completed',
      reason: null,
      lease: null,
    });
  });
});

describe('the review loop', () => {
  it('goes on with the findings, on the same branch and on another track, and ends with the merge', async () => {
    const hosts = testHosts(engine.temporal, { box: 1 });
    const role = await hosts.start();
    const task = await startVisibleTask(engine.client, fromForge({ branch_name: 'task/1-fix' }));
    await task.until('it is in review', (r) => r.view.status === 'review_pending');
    await role.stop();
    hosts.remove();
    expect(await task.view()).toMatchObject({ execution_mode: 'ssh_cli', assigned_host: 'box' });
    await task.hear(opened());
    const findings = [{ file: 'a.ts', line: 3, message: 'Off by one' }];
    await task.review('rejected', { findings });
    expect(await task.view()).toMatchObject({ status: 'created', execution_mode: 'undecided' });
    const { work, epoch } = await task.claim('agent:b');
    expect(work).toMatchObject({ findings, branch_name: 'task/1-fix', attempt: 2 });
    await task.hear(heard({ head_sha: sha('b'), updated_at: 200 }));
    await task.complete({ epoch, holder: 'agent:b' });
    await task.review('approved');
    await task.hear(merge);
    expect((await task.handle.result()).view).toMatchObject({
      status: 'completed',
      execution_mode: 'http_pull',
      review_count: 1,
    });
  });

  it.each<[string, string[], number, string]>([
    ['nothing changes between two rounds', ['a', 'a'], 9, 'not_converging'],
    ['the change swings back', ['a', 'b', 'a'], 9, 'not_converging'],
    ['max_retries rounds were sent back', ['a', 'b'], 1, 'review_limit'],
  ])('fails when %s', async (_, commits, max_retries, code) => {
    const task = await start({ max_retries });
    for (const [i, commit] of commits.entries()) {
      await task.claim('agent:a');
      await task.hear(heard({ head_sha: sha(commit), updated_at: 100 + i }));
      await task.complete({ epoch: i + 1, receipt: receipt() });
      await task.review('rejected', { findings: [{ file: 'a.ts', line: i + 1, message: `Off by ${i}` }] });
    }
    await expect(task.handle.result()).rejects.toMatchObject({
      cause: { details: [{ view: { status: 'failed', reason: { code } } }] },
    });
  });
});

describe('an edited issue', () => {
  it('counts from the next attempt on, and an older one not at all', async () => {
    const task = await startVisibleTask(engine.client, fromForge());
    const labels = async () => (await task.handle.describe()).typedSearchAttributes.get(TASK_LABELS);
    await task.edit({
      title: 'second',
      body: { inline: 'do it well' },
      labels: ['agent:review'],
      updated_at: 20,
    });
    await task.edit({ title: 'first', updated_at: 10 });
    expect(await labels()).toEqual(['agent:review']);
    const { work } = await task.claim('agent:a');
    expect(work).toMatchObject({ title: 'second', body: { inline: 'do it well' }, labels: ['agent:review'] });
    await task.edit({ title: 'third', updated_at: 30 });
    await task.release(1, 'agent:a');
    expect((await task.claim('agent:b')).work).toMatchObject({ title: 'third', labels: ['agent:code'] });
    expect(await labels()).toEqual(['agent:code']);
    await task.cancel();
  });

  it('is kept when the task continues as new', async () => {
    const task = await start({ max_history_events: 20 });
    await task.edit({ title: 'second', updated_at: 20 });
    for (let epoch = 1; epoch <= 5; epoch += 2) {
      await task.claim('agent:a');
      await task.release(epoch, 'agent:a');
    }
    await task.edit({ title: 'first', updated_at: 10 });
    expect((await task.claim('agent:a')).work.title).toBe('second');
    await task.cancel();
  });
});

describe('a review', () => {
  it('is not for those who wrote the change, claimed or assigned', async () => {
    const task = await start({ review: 'none', not_by: ['agent:a', 'host:h'] });
    const refusal = async (tried: Promise<unknown>) =>
      tried.then(
        () => 'taken',
        (error: { cause?: { type?: string } }) => error.cause?.type,
      );
    expect(await refusal(task.claim('agent:a'))).toBe('wrote_it');
    expect(await refusal(task.claim('host:h'))).toBe('wrote_it');
    expect(await refusal(task.assign('agent:a'))).toBe('wrote_it');
    expect((await task.view()).not_by).toEqual(['agent:a', 'host:h']);
    expect(await refusal(task.claim('agent:b'))).toBe('taken');
    await task.complete({ holder: 'agent:b' });
    expect((await task.handle.result()).view.status).toBe('completed');
  });
});

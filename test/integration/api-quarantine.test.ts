/** What a person's word on a late receipt does to its task. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { pullableTask, RECEIPT } from '../helpers/pulled-task';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
let carol: string;

beforeAll(async () => {
  platform = await startPlatform('api-quarantine');
  ({ engine, api } = platform);
  carol = await api.tokenFor('carol', { role: 'coordinator' });
});

afterAll(() => platform?.close());

const decide = (id: string, verb: 'accept' | 'discard') =>
  api.post(`/quarantine/${id}/${verb}`, undefined, { token: carol });

/** A task whose holder gave it back and hands in a receipt all the same. */
async function withLateReceipt(over: Record<string, unknown> = {}, message: Record<string, unknown> = {}) {
  const task = await pullableTask(api, over);
  const { lease } = (await task.pull('ada')).body;
  await task.say(lease.token, 'release');
  const late = await task.complete(lease.token, message);
  expect(late).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
  const id: string = late.body.quarantine_id;
  // The task starts its quarantine; it can be decided on from then on.
  await waitUntil(async () => (await engine.client.workflow.getHandle(id).describe()).memo?.quarantine, {
    what: 'the quarantine',
  });
  return { ...task, lease, quarantined: id };
}

it('an accepted receipt becomes that of a task which nobody holds', async () => {
  const task = await withLateReceipt();
  expect(await decide(task.quarantined, 'accept')).toMatchObject({
    status: 200,
    body: { decision: 'accepted', decided_by: 'carol', adopted: true, receipt: RECEIPT },
  });
  expect(await task.view()).toMatchObject({ status: 'completed', receipt: { ...RECEIPT, manual: true } });
  // Said again, it is answered as before.
  expect((await decide(task.quarantined, 'accept')).body).toMatchObject({ adopted: true });
});

it('it goes to review where that is required, and the task goes on from there', async () => {
  const task = await withLateReceipt({ review: 'required' });
  expect((await decide(task.quarantined, 'accept')).body.adopted).toBe(true);
  expect((await task.view()).status).toBe('review_pending');
  const verdict = await api.post(`${task.path}/review`, { verdict: 'approved' }, { token: carol });
  expect(verdict.body.status).toBe('completed');
});

it('somebody who holds the task is not overruled: the acceptance is a mark', async () => {
  const task = await withLateReceipt();
  const { lease } = (await task.pull('bob')).body;
  expect((await decide(task.quarantined, 'accept')).body).toMatchObject({
    decision: 'accepted',
    adopted: false,
  });
  expect((await task.say(lease.token, 'heartbeat')).status).toBe(200);
  expect((await task.complete(lease.token)).body).toMatchObject({
    status: 'completed',
    receipt: { manual: false },
  });
});

it('of two accepted receipts only one becomes that of the task', async () => {
  const task = await withLateReceipt({ review: 'required' });
  const second = await task.complete(task.lease.token, { completion_id: 'second' });
  await waitUntil(
    async () =>
      (await engine.client.workflow.getHandle(second.body.quarantine_id).describe()).memo?.quarantine,
    { what: 'the second one' },
  );
  expect((await decide(task.quarantined, 'accept')).body.adopted).toBe(true);
  expect((await decide(second.body.quarantine_id, 'accept')).body.adopted).toBe(false);
  expect((await task.view()).status).toBe('review_pending');
});

it('for a closed task it is a mark', async () => {
  const task = await pullableTask(api);
  const { lease } = (await task.pull('ada')).body;
  await api.post(`${task.path}/cancel`);
  const late = await task.complete(lease.token);
  expect((await decide(late.body.quarantine_id, 'accept')).body).toMatchObject({
    decision: 'accepted',
    adopted: false,
  });
  expect(await task.view()).toMatchObject({ status: 'cancelled', receipt: null });
});

it('a failure is a mark: it does not fail the task', async () => {
  const task = await withLateReceipt({}, { receipt: { status: 'failed', summary: 'no' } });
  expect((await decide(task.quarantined, 'accept')).body.adopted).toBe(false);
  expect((await task.view()).status).toBe('created');
});

it('one that is discarded changes nothing', async () => {
  const task = await withLateReceipt();
  expect((await decide(task.quarantined, 'discard')).body).toMatchObject({
    decision: 'discarded',
    adopted: false,
  });
  expect(await task.view()).toMatchObject({ status: 'created', receipt: null });
  expect((await decide(task.quarantined, 'accept')).status).toBe(409);
});

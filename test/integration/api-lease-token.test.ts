/** The token of a lease is all that its holder needs, and is good for nothing else. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { pullableTask, RECEIPT } from '../helpers/pulled-task';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let api: TestApi;
/** A second process of the API: it has granted nothing and remembers nothing. */
let other: TestApi;

beforeAll(async () => {
  platform = await startPlatform('lease-token');
  ({ api } = platform);
  other = await platform.another();
});

afterAll(() => platform?.close());

describe('a lease token', () => {
  it('renews, reports and completes without the agent token and without an epoch', async () => {
    const task = await pullableTask(api);
    const { lease } = (await task.pull('ada')).body;
    for (const via of [api, other]) {
      const beat = await task.say(lease.token, 'heartbeat', { checkpoint: { branch: 'wip' } }, via);
      expect(beat).toMatchObject({
        status: 200,
        body: { directive: 'continue', renew_every_s: lease.renew_every_s },
      });
      expect(beat.headers.get('signalbox-directive')).toBe('continue');
    }
    const status = await task.say(lease.token, 'status', { status: 'running', epoch: lease.epoch });
    expect(status).toMatchObject({ status: 200, body: { status: 'running', assigned_agent_id: 'ada' } });
    expect(status.headers.get('signalbox-directive')).toBe('continue');
    expect(await task.complete(lease.token, { agent_id: 'ada' }, other)).toMatchObject({
      status: 200,
      body: { status: 'completed', receipt: { ...RECEIPT, manual: false } },
    });
  });

  it('appends to the output', async () => {
    const task = await pullableTask(api);
    const { lease } = (await task.pull('ada')).body;
    const append = (offset: number, more = '') =>
      api.call('POST', `${task.path}/logs?offset=${offset}${more}`, {
        token: lease.token,
        headers: { 'content-type': 'text/plain' },
        body: 'a line',
      });
    const first = await append(0);
    expect(first).toMatchObject({ status: 200, body: { next_offset: 6 } });
    expect(first.headers.get('signalbox-directive')).toBe('continue');
    expect(await append(6, `&epoch=${lease.epoch}`)).toMatchObject({
      status: 200,
      body: { next_offset: 12 },
    });
    expect(await append(6, '&epoch=9')).toMatchObject({ status: 422, body: { code: 'wrong_epoch' } });
  });

  it('gives the task back', async () => {
    const task = await pullableTask(api);
    const { lease } = (await task.pull('ada')).body;
    expect(await task.say(lease.token, 'release', { checkpoint: { branch: 'wip' } })).toMatchObject({
      status: 200,
      body: { status: 'created', retry_count: 0 },
    });
    const { task: work } = (await task.pull('bob')).body;
    expect(work).toMatchObject({ attempt: 2, checkpoint: { branch: 'wip' } });
  });

  it('works for a task of a product, with whose token it was taken', async () => {
    const task = await pullableTask(api, { product: 'blue' });
    const agent = await api.tokenFor('ada-blue', { product: 'blue' });
    const want = { agent_id: 'ada-blue', capabilities: [task.label], wait_ms: 10_000 };
    const { lease } = (await api.post('/tasks/dequeue', want, { token: agent })).body;
    for (const via of [api, other]) {
      expect((await task.say(lease.token, 'heartbeat', {}, via)).status).toBe(200);
    }
    expect((await task.complete(lease.token)).status).toBe(200);
  });

  it('is for its own task and its own epoch alone', async () => {
    const [mine, theirs] = [await pullableTask(api), await pullableTask(api)];
    const { lease } = (await mine.pull('ada')).body;
    await theirs.pull('ada');
    for (const answer of [
      await theirs.say(lease.token, 'heartbeat', {}),
      await theirs.say(lease.token, 'status', { status: 'running' }),
      await theirs.say(lease.token, 'release', {}),
      await theirs.complete(lease.token),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'wrong_task' } });
    }
    for (const verb of ['heartbeat', 'release']) {
      const answer = await mine.say(lease.token, verb, { epoch: lease.epoch + 1 });
      expect(answer).toMatchObject({ status: 422, body: { code: 'wrong_epoch' } });
    }
    expect((await mine.say(lease.token, 'heartbeat', { agent_id: 'bob' })).body.code).toBe('wrong_agent');
    for (const target of ['/tasks', mine.path, '/agents', '/quarantine']) {
      expect((await api.get(target, { token: lease.token })).status).toBe(403);
    }
    const more = { agent_id: 'ada', capabilities: [mine.label] };
    expect((await api.post('/tasks/dequeue', more, { token: lease.token })).status).toBe(403);
  });

  it('is over with its epoch: stop, and the receipt goes into quarantine', async () => {
    const task = await pullableTask(api);
    const { lease: first } = (await task.pull('ada', { lease_s: 0.5 })).body;
    const { lease: second } = (await task.pull('bob')).body;
    expect(second.epoch).toBe(2);
    for (const via of [api, other]) {
      const beat = await task.say(first.token, 'heartbeat', {}, via);
      expect(beat).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
      expect(beat.headers.get('signalbox-directive')).toBe('terminate');
    }
    const status = await task.say(first.token, 'status', { status: 'failed' });
    expect(status).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
    expect(status.headers.get('signalbox-directive')).toBe('terminate');
    expect((await task.say(first.token, 'release')).body.code).toBe('stale_epoch');
    const late = await task.complete(first.token, { completion_id: 'late' });
    expect(late).toMatchObject({
      status: 409,
      body: { code: 'stale_epoch', quarantine_id: `quarantine/${task.id}/1/late` },
    });
    expect((await task.complete(second.token)).status).toBe(200);
    expect((await task.complete(first.token)).status).toBe(410);
  });
});

it('a claim whose reply was lost comes with a token again', async () => {
  const task = await pullableTask(api);
  const first = (await task.pull('ada', { request_id: 'once' })).body;
  const repeat = await waitUntil(
    async () => {
      const answer = await task.pull('ada', { request_id: 'once', retry: true }, other);
      return answer.status === 200 && answer;
    },
    { what: 'the claim to be found' },
  );
  expect(repeat.body.lease).toMatchObject({ token: first.lease.token, epoch: first.lease.epoch });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { taskWorkflowId } from '../../workflows/names';
import type { Answer, TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
let token: string;

beforeAll(async () => {
  platform = await startPlatform('api-logs');
  ({ engine, api } = platform);
  token = await api.tokenFor('ada');
});

afterAll(() => platform?.close());

/** A task that this agent holds under epoch 1. */
async function pulled(over: Record<string, unknown> = {}) {
  const id = `logs/${randomUUID()}`;
  const label = `agent:${randomUUID()}`;
  expect((await api.post('/tasks', { id, title: 't', body: 'b', labels: [label], ...over })).status).toBe(
    201,
  );
  const pull = (agent_id = 'ada') =>
    api.post('/tasks/dequeue', { agent_id, capabilities: [label], wait_ms: 10_000 });
  expect((await pull()).status).toBe(200);
  const at = `/tasks/${encodeURIComponent(id)}`;
  const log = (
    offset: number,
    body: string | Uint8Array,
    epoch = 1,
    more: { token?: string; type?: string } = {},
  ) => append(`${at}/logs?offset=${offset}&epoch=${epoch}`, body, more);
  const output = async (epoch = 1) => (await api.get(`${at}/output?epoch=${epoch}`)).body;
  return { id, at, label, pull, log, output };
}

async function append(
  target: string,
  body: string | Uint8Array,
  { token: by = token, type = 'text/plain; charset=utf-8' }: { token?: string; type?: string } = {},
) {
  const response = await fetch(`${api.url}/api/v1${target}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by}`, 'content-type': type },
    body: body as never,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
}

describe('a log', () => {
  it('is appended by offset, is readable as it grows, and afterwards', async () => {
    const task = await pulled();
    expect(await task.log(0, 'one\n')).toMatchObject({ status: 200, body: { next_offset: 4 } });
    expect(await task.output()).toBe('one\n');
    expect((await task.log(4, 'zwö\n')).body).toEqual({ next_offset: 9 });
    const part = await api.get(`${task.at}/output`, { headers: { range: 'bytes=4-' } });
    expect(part).toMatchObject({ status: 206, body: 'zwö\n' });
    const receipt = { status: 'completed', summary: 'done' };
    const done = await api.post(`${task.at}/complete`, { epoch: 1, receipt, completion_id: 'c' }, { token });
    expect(done.body.status).toBe('completed');
    expect(await task.output()).toBe('one\nzwö\n');
  });

  it('that is followed ends with the attempt', async () => {
    const task = await pulled();
    await task.log(0, 'a');
    const followed = api.get(`${task.at}/output?follow=true`);
    await task.log(1, 'b');
    await api.post(`${task.at}/release`, { epoch: 1 }, { token });
    expect(await followed).toMatchObject({ status: 200, body: 'ab' });
  });

  it('takes a repeat and an overlap, and tells from where on it lacks', async () => {
    const task = await pulled();
    await task.log(0, 'abc');
    expect((await task.log(0, 'abc')).body).toEqual({ next_offset: 3 });
    expect((await task.log(1, 'bcde')).body).toEqual({ next_offset: 5 });
    expect((await task.log(1, 'bc')).body).toEqual({ next_offset: 5 });
    const gap = await task.log(6, 'x');
    expect(gap).toMatchObject({ status: 416, body: { code: 'log_gap', expected_offset: 5 } });
    expect(gap.headers.get('signalbox-expected-offset')).toBe('5');
    expect((await task.log(0, '')).body).toEqual({ next_offset: 5 });
    expect(await task.output()).toBe('abcde');
  });

  it('of many chunks costs no history event', async () => {
    const task = await pulled();
    await api.post(`${task.at}/heartbeat`, { epoch: 1 }, { token });
    await waitUntil(async () => (await api.get(task.at)).body.status === 'running', {
      what: 'the task to run',
    });
    const length = async () =>
      (await engine.client.workflow.getHandle(taskWorkflowId(task.id)).describe()).historyLength;
    const before = await length();
    for (let i = 0; i < 20; i++) expect((await task.log(i, 'x')).status).toBe(200);
    expect(await length()).toBe(before);
  });

  it('may be any bytes, and no more than 1 MiB at once', async () => {
    const task = await pulled();
    const bytes = Uint8Array.from([0, 255, 254, 10, 0]);
    expect((await task.log(0, bytes, 1, { type: 'application/octet-stream' })).status).toBe(200);
    const ref = (await api.get(task.at)).body.attempts[0].output_ref;
    expect(Uint8Array.from((await api.blobs.read(ref)) ?? [])).toEqual(bytes);
    expect((await task.log(5, new Uint8Array(1_048_576))).body).toEqual({ next_offset: 1_048_581 });
    expect(await task.log(1_048_581, new Uint8Array(1_048_577))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });

  it.each([
    ['without an offset', 'epoch=1', 'offset'],
    ['without an epoch', 'offset=0', 'epoch'],
    ['at an offset below nothing', 'offset=-1&epoch=1', 'offset'],
    ['at a word', 'offset=x&epoch=1', 'offset'],
    ['with what is not known', 'offset=0&epoch=1&x=1', 'x'],
  ])('%s is 400', async (_, query, field) => {
    const answer = await append(`/tasks/t/logs?${query}`, 'x');
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it('in JSON is 415', async () => {
    expect(await append('/tasks/t/logs?offset=0&epoch=1', '{}', { type: 'application/json' })).toMatchObject({
      status: 415,
    });
  });
});

describe('a log of whoever does not hold the lease', () => {
  it('is refused as a receipt would be, and written nowhere', async () => {
    const task = await pulled();
    await task.log(0, 'mine');
    const bob = await api.tokenFor('bob');
    const refusals: Array<{ status: number; body: { code?: string } }> = [
      await task.log(4, 'x', 1, { token: bob }),
      await task.log(4, 'x', 2),
      await append('/tasks/none/logs?offset=0&epoch=1', 'x'),
      await append(`${task.at}/logs?offset=4&epoch=1`, 'x', {
        token: await api.tokenFor('ada', { product: 'p' }),
      }),
    ];
    expect(refusals.map(({ status, body }) => [status, body.code])).toEqual([
      [423, 'held_by_other'],
      [409, 'stale_epoch'],
      [404, 'task_not_found'],
      [404, 'task_not_found'],
    ]);
    expect(await task.output()).toBe('mine');
  });

  it('is 409 from the moment the epoch is over, and the next attempt has an output of its own', async () => {
    const task = await pulled();
    await task.log(0, 'first');
    await api.post(`${task.at}/release`, { epoch: 1 }, { token });
    expect(await task.log(5, 'x')).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
    await task.pull('bob');
    expect(await task.log(5, 'x')).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
    expect((await task.log(0, 'second', 3, { token: await api.tokenFor('bob') })).status).toBe(200);
    expect([await task.output(1), await task.output(3)]).toEqual(['first', 'second']);
    await api.post(`${task.at}/cancel`);
    expect(await task.log(5, 'x')).toMatchObject({ status: 410, body: { code: 'closed' } });
  });

  it('goes on after a lease has lapsed, as long as nobody else was granted the task', async () => {
    const task = await pulled({ timeouts: { lease_ms: 500 } });
    await waitUntil(async () => (await api.get(task.at)).body.lease?.lapsed, { what: 'the lease to lapse' });
    expect((await task.log(0, 'late')).status).toBe(200);
    expect(await task.output()).toBe('late');
  });
});

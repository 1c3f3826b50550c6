import { createHash, randomUUID } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutputRef } from '../../contracts/blobs';
import { claimUpdate } from '../../workflows/messages';
import { taskWorkflowId } from '../../workflows/names';
import { ADMIN_TOKEN, type TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { claimBy } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

const MIB = 1_048_576;
let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;

beforeAll(async () => {
  // No worker serves the host: with a short time the attempt would fail, and its output end, during a test.
  platform = await startPlatform('api-output', { config: { host_lost_after_ms: 30_000 } });
  ({ engine, api } = platform);
});

afterAll(() => platform?.close());

/** A task that a host runs, as far as the engine knows. */
async function running(over: Record<string, unknown> = {}) {
  const id = `output/${randomUUID()}`;
  const body = { id, title: 't', body: 'b', labels: ['agent:code'], execution_mode: 'ssh_cli', ...over };
  expect((await api.post('/tasks', body)).status).toBe(201);
  const claim = claimBy('host:box', { request_id: randomUUID(), not_after: Date.now() + 10_000 });
  await engine.client.workflow.getHandle(taskWorkflowId(id)).executeUpdate(claimUpdate, { args: [claim] });
  const at = `/tasks/${encodeURIComponent(id)}`;
  const ref: OutputRef = (await api.get(at)).body.attempts[0].output_ref;
  return { at, ref, output: `${at}/output`, end: () => api.post(`${at}/cancel`) };
}

/** Does not read before it is told to. */
const open = (target: string, base = api.url) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    get(`${base}/api/v1${target}`, { headers, agent: false }, resolve).once('error', reject);
  });

function collect(response: IncomingMessage) {
  const seen = { text: '', ended: null as 'complete' | 'cut' | null };
  response.setEncoding('utf8').on('data', (chunk: string) => {
    seen.text += chunk;
  });
  response
    .on('error', () => {})
    .on('close', () => {
      seen.ended = response.complete ? 'complete' : 'cut';
    });
  return seen;
}

describe('a part of an output', () => {
  it.each([
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99999999999999999999', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['bytes=5-2', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('%s', async (range, status, body, contentRange) => {
    const { ref, output } = await running();
    await api.blobs.append(ref, 0, Buffer.from('0123456789'));
    const answer = await api.get(output, { headers: { range } });
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers.get('content-range')).toBe(contentRange);
    expect(answer.headers.get('content-length')).toBe(String(body.length));
  });

  it.each(['bytes=10-', 'bytes=-0', 'bytes=99999999999999999999-'])('%s is not there', async (range) => {
    const { ref, output } = await running();
    await api.blobs.append(ref, 0, Buffer.from('0123456789'));
    const answer = await api.get(output, { headers: { range } });
    expect(answer).toMatchObject({ status: 416, body: { code: 'range_not_satisfiable' } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('content-range')).toBe('bytes */10');
  });
});

it('is standard output, unless standard error is asked for', async () => {
  const { ref, output } = await running();
  await api.blobs.append(ref, 0, Buffer.from('out'));
  expect(await api.get(`${output}?stream=stderr`)).toMatchObject({
    status: 404,
    body: { code: 'no_output' },
  });
  await api.blobs.append(`${ref}:err`, 0, Buffer.from('err'));
  expect((await api.get(output)).body).toBe('out');
  expect((await api.get(`${output}?stream=stderr`)).body).toBe('err');
});

describe('a followed output', () => {
  it('is given as it grows, and ends with the attempt', async () => {
    const { at, ref, output, end } = await running();
    const response = await open(`${output}?follow=true`);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8' });
    expect(response.headers['content-length']).toBeUndefined();
    const seen = collect(response);
    let written = '';
    for (const part of ['one\n', 'tw', 'ö\n']) {
      await api.blobs.append(ref, Buffer.byteLength(written), Buffer.from(part));
      written += part;
      await waitUntil(() => seen.text === written, { what: `the reader to have ${JSON.stringify(written)}` });
    }
    await pause(1_500);
    expect((await api.get(at)).body.attempts[0].ended_at).toBeNull();
    expect(seen.ended).toBeNull();
    await api.blobs.append(ref, Buffer.byteLength(written), Buffer.from('last words'));
    await end();
    await waitUntil(() => seen.ended, { what: 'the stream to end' });
    expect(seen).toEqual({ text: `${written}last words`, ended: 'complete' });
  });

  it('ends at once when the attempt is over', async () => {
    const { ref, output, end } = await running();
    await api.blobs.append(ref, 0, Buffer.from('all of it'));
    await end();
    for (const target of [
      `${output}?follow=true`,
      `${output}?follow=true&epoch=1`,
      `${output}?follow=false`,
    ]) {
      expect(await api.get(target)).toMatchObject({ status: 200, body: 'all of it' });
    }
  });

  it('answers HEAD, which follows nothing', async () => {
    const { output } = await running();
    expect(await api.call('HEAD', `${output}?follow=true`)).toMatchObject({ status: 200, body: '' });
  });

  it('is cut when the server stops, which does not wait for it', async () => {
    const { ref, output } = await running();
    const other = await platform.another();
    await other.blobs.append(ref, 0, Buffer.from('so far'));
    const quiet = collect(await open(`${output}?follow=true`, other.url));
    await waitUntil(() => quiet.text === 'so far', { what: 'the output so far' });
    await other.blobs.append(ref, 6, Buffer.alloc(32 * MIB, 'x'));
    const stalled = await open(`${output}?follow=true`, other.url);
    stalled.on('error', () => {});
    const before = Date.now();
    await other.stop();
    expect(Date.now() - before).toBeLessThan(20_000);
    await waitUntil(() => quiet.ended, { what: 'the reader to be cut off' });
    expect(quiet.ended).toBe('cut');
    stalled.destroy();
  });

  it('of 200 MiB goes through little memory, also to a slow reader', async () => {
    const { ref, output, end } = await running();
    // The largest line has 64 MiB.
    const part = Buffer.alloc(8 * MIB, 'abcdefg ');
    const expected = createHash('sha256');
    for (let n = 0; n < 25; n += 1) {
      part[0] = n < 8 ? 120 : 10;
      expected.update(part);
      await api.blobs.append(ref, n * part.length, part);
    }
    const before = process.memoryUsage().rss;
    let most = before;
    const measure = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 10);
    try {
      const response = await open(`${output}?follow=true`);
      // Time in which a server that does not wait for its reader takes in all of the output.
      await pause(1_500);
      await end();
      const got = createHash('sha256');
      let bytes = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) {
        got.update(chunk);
        bytes += chunk.length;
      }
      expect(bytes).toBe(25 * part.length);
      expect(got.digest('hex')).toBe(expected.digest('hex'));
      expect((most - before) / MIB).toBeLessThan(100);
    } finally {
      clearInterval(measure);
    }
  });
});

describe('a request for output that cannot be served', () => {
  it.each([
    ['follow=maybe', 400],
    ['follow=', 400],
    ['follow=1', 400],
    ['follow=true&follow=true', 400],
    ['follow[]=true', 400],
    ['stream=both', 400],
    ['follow=true&epoch=0', 400],
    ['follow=true&epoch=-1', 400],
    ['follow=true&epoch=1.5', 400],
    ['follow=true&epoch=1e99', 400],
    ['follow=true&epoch=%00', 400],
    ['follow=true&ref=output:x', 400],
    ['follow=true&epoch=9', 404],
  ])('%s: %i', async (query, status) => {
    const { ref, output } = await running();
    await api.blobs.append(ref, 0, Buffer.from('x'));
    const answer = await api.get(`${output}?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('has so many readers at one time, and no more', async () => {
    const { output, end } = await running();
    const follow = `${output}?follow=true`;
    const readers: IncomingMessage[] = [];
    // One after the other: the engine takes few queries of one workflow at one time.
    while (readers.length < 100) readers.push(await open(follow));
    expect(readers.map(({ statusCode }) => statusCode)).toEqual(readers.map(() => 200));
    const refused = await api.get(follow);
    expect(refused).toMatchObject({ status: 503, body: { code: 'too_many_followers' } });
    expect(refused.headers.get('retry-after')).toBe('10');
    for (const reader of readers) reader.destroy();
    await waitUntil(async () => (await open(follow).then((it) => it.resume())).statusCode === 200, {
      what: 'a place for a reader',
    });
    await end();
  });

  it('is refused with its reason', async () => {
    const { output } = await running({ product: 'blue' });
    const token = await api.tokenFor('r', { role: 'coordinator', product: 'red' });
    const follow = `${output}?follow=true`;
    expect(await api.get(follow, { headers: { range: 'bytes=0-' } })).toMatchObject({
      status: 400,
      body: { code: 'range_with_follow' },
    });
    expect(await api.get(follow, { token })).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
    expect((await api.get(follow, { token: null })).status).toBe(401);
    expect((await api.get('/tasks/none/output?follow=true')).body.code).toBe('task_not_found');
  });

  it('of an attempt that ended without output is 404', async () => {
    const { output, end } = await running();
    await end();
    expect(await api.get(`${output}?follow=true`)).toMatchObject({
      status: 404,
      body: { code: 'no_output' },
    });
  });
});

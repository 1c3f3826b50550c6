/** Output is copied by offset: no byte is lost or doubled, whoever follows. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectionLostError, type Transport } from '../../activities/ssh/transport';
import { liveBuffers } from '../helpers/live-buffers';
import { type LocalHostOptions, localHost, marked } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let host: ReturnType<typeof localHost>;
beforeEach(() => {
  host = localHost();
});
afterEach(() => host.close());

const contentOf = async (attempt: string) =>
  Buffer.from((await host.blobs.read(`output:${attempt}`)) ?? []).toString();

/** Prints numbered lines until the file `stop` is in the work directory. */
const COUNTING = 'i=0; while [ ! -e stop ]; do i=$((i+1)); echo "line $i"; sleep 0.005; done';

const linesUpTo = (content: string) => {
  const count = content.split('\n').length - 1;
  return Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');
};

describe('re-attachment', () => {
  it('loses and doubles nothing when the first follower stops half-way', async () => {
    const request = host.request({ script: COUNTING });
    const started = await host.activities.startRun(request);
    const first = host.follow(request, started);
    await waitUntil(() => first.beats.some((beat) => beat.out_offset > 100), { what: 'output' });
    first.env.cancel('CANCELLED');
    await expect(first.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
    const before = (await contentOf(request.attempt_id)).length;

    const second = host.follow(request, started);
    await waitUntil(() => second.beats.some((beat) => beat.out_offset > before + 100), {
      what: 'more output',
    });
    expect(second.beats[0]?.out_offset).toBe(before);
    writeFileSync(join(started.work_dir, 'stop'), '');
    await second.outcome;
    const content = await contentOf(request.attempt_id);
    expect(content).toBe(linesUpTo(content));
    expect(content.length).toBeGreaterThan(before);
  });

  it('bears two followers at the same time', async () => {
    const request = host.request({ script: COUNTING });
    const started = await host.activities.startRun(request);
    const followers = [host.follow(request, started), host.follow(request, started)];
    await waitUntil(() => followers.every(({ beats }) => beats.some((beat) => beat.out_offset > 300)), {
      what: 'both to copy',
    });
    writeFileSync(join(started.work_dir, 'stop'), '');
    const outcomes = await Promise.all(followers.map(({ outcome }) => outcome));
    expect(outcomes[0]).toEqual(outcomes[1]);
    const content = await contentOf(request.attempt_id);
    expect(content).toBe(linesUpTo(content));
  });

  it('gives the same outcome when the run is followed again after its end', async () => {
    const request = host.request({ script: 'echo once; exit 4' });
    const started = await host.activities.startRun(request);
    const first = await host.follow(request, started).outcome;
    expect(await host.follow(request, started).outcome).toEqual(first);
    expect(await contentOf(request.attempt_id)).toBe('once\n');
  });
});

describe('what stops following does not stop the run', () => {
  it.each(['CANCELLED', 'WORKER_SHUTDOWN'] as const)('%s', async (reason) => {
    const request = host.request({ script: 'while [ ! -e stop ]; do sleep 0.02; done; echo finished' });
    const started = await host.activities.startRun(request);
    const first = host.follow(request, started);
    await waitUntil(() => first.beats.length > 1, { what: 'a heartbeat' });
    first.env.cancel(reason);
    await expect(first.outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(marked(request.attempt_id)).toContain(started.process.pid);
    writeFileSync(join(started.work_dir, 'stop'), '');
    expect((await host.follow(request, started).outcome).receipt?.summary).toBe('finished');
  });
});

it('heartbeats say where it is, more often than the output changes', async () => {
  const request = host.request({ script: 'echo hello; while [ ! -e stop ]; do sleep 0.02; done' });
  const started = await host.activities.startRun(request);
  const { beats, outcome } = host.follow(request, started);
  await waitUntil(() => beats.filter((beat) => beat.out_offset === 6).length >= 5, {
    what: 'five heartbeats',
  });
  writeFileSync(join(started.work_dir, 'stop'), '');
  await outcome;
  expect(beats.at(-1)).toMatchObject({ process: started.process, out_offset: 6, err_offset: 0 });
});

it('copies 64 MB within a bounded memory', async () => {
  const size = 64 * 1024 * 1024;
  const request = host.request({
    script: `yes 'all work and no play' | head -c ${size}; echo the end >&2`,
  });
  const started = await host.activities.startRun(request);
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, liveBuffers());
  }, 1_000);
  const before = liveBuffers();
  const outcome = await host.follow(request, started).outcome;
  clearInterval(sampler);
  expect(outcome.exit_code).toBe(0);
  expect(await host.blobs.size(outcome.output_ref ?? '')).toBe(size);
  const hash = createHash('sha256');
  for await (const chunk of (await host.blobs.stream(outcome.output_ref ?? '')) ?? []) hash.update(chunk);
  const line = 'all work and no play\n';
  const expected = createHash('sha256').update(line.repeat(Math.ceil(size / line.length)).slice(0, size));
  expect(hash.digest('hex')).toBe(expected.digest('hex'));
  // Looks of at most 1 MiB, some of them not yet given back: a part of the whole that does not grow with it.
  expect(peak - before).toBeLessThan(40 * 1024 * 1024);
});

it('keeps bytes that are no UTF-8, and both streams apart', async () => {
  const request = host.request({ script: "printf 'a\\377\\000b'; printf '\\200' >&2" });
  const started = await host.activities.startRun(request);
  await host.follow(request, started).outcome;
  expect(await host.blobs.read(`output:${request.attempt_id}`)).toEqual(Buffer.from([97, 255, 0, 98]));
  expect(await host.blobs.read(`output:${request.attempt_id}:err`)).toEqual(Buffer.from([128]));
});

/** A transport whose connection can be cut. */
function cuttable() {
  let cut = false;
  const wrap = (inner: Transport): Transport => ({
    exec: (script, options) =>
      cut ? Promise.reject(new ConnectionLostError('cut off')) : inner.exec(script, options),
    close: () => inner.close(),
  });
  return { wrap, set: (value: boolean) => (cut = value) };
}

describe('a host that does not answer', () => {
  const connection = cuttable();

  const hostWith = async (options: LocalHostOptions) => {
    await host.close();
    connection.set(false);
    host = localHost({ ...options, wrap: connection.wrap });
  };

  it('for a while is waited for', async () => {
    await hostWith({});
    const request = host.request({ script: 'while [ ! -e stop ]; do sleep 0.02; done; echo back' });
    const started = await host.activities.startRun(request);
    const { beats, outcome } = host.follow(request, started);
    connection.set(true);
    const at = beats.length;
    await waitUntil(() => beats.length > at + 3, { what: 'heartbeats without the host' });
    writeFileSync(join(started.work_dir, 'stop'), '');
    connection.set(false);
    expect((await outcome).receipt?.summary).toBe('back');
  });

  it('for longer than its own watch allows has ended the run', async () => {
    await hostWith({});
    const request = host.request({ script: 'sleep 600', host_lost_after_ms: 3_000, kill_grace_ms: 200 });
    const started = await host.activities.startRun(request);
    const { beats, outcome } = host.follow(request, started);
    await waitUntil(() => beats.length > 1, { what: 'a heartbeat' });
    connection.set(true);
    expect((await outcome).failure?.code).toBe('host_lost');
    await waitUntil(() => marked(request.attempt_id).length === 0, { what: 'the run to end itself' });
  });

  it('a follower that the engine does not answer lets the watch run out', async () => {
    await hostWith({ engineAnswers: () => Promise.resolve(false) });
    const request = host.request({ script: 'sleep 600', host_lost_after_ms: 4_000, kill_grace_ms: 200 });
    const started = await host.activities.startRun(request);
    expect((await host.follow(request, started).outcome).failure?.code).toBe('host_lost');
    expect(marked(request.attempt_id)).toEqual([]);
  });

  it('a follower that the engine answers keeps the run alive far longer than the watch', async () => {
    await hostWith({ engineAnswers: () => Promise.resolve(true) });
    const request = host.request({ script: 'sleep 20; echo alive', host_lost_after_ms: 8_000 });
    const started = await host.activities.startRun(request);
    expect((await host.follow(request, started).outcome).receipt?.summary).toBe('alive');
  });
});

it('a run directory that is gone is a lost run', async () => {
  const request = host.request();
  const started = await host.activities.startRun(request);
  const elsewhere = { ...started, run_dir: `${started.run_dir}-gone` };
  expect((await host.follow(request, elsewhere).outcome).failure?.code).toBe('run_lost');
});

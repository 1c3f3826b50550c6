/**
 * 200 MiB of output with one line of 50 MiB, from a program on an SSH host to the readers of the API, with every role
 * of Signalbox in one process whose memory is watched.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { stringify } from 'yaml';
import { OUTPUT_TAIL_BYTES } from '../../contracts/receipt';
import { type Api, createApi } from '../../examples/demo/api';
import { type RunningCommand, runSignalbox } from '../helpers/command';
import { Digester } from '../helpers/digest';
import { untilClosed } from '../helpers/fleet';
import { LARGE_EVENTS, LARGE_TEXT, type LargeScript } from '../helpers/large-scripts';
import { openOutput } from '../helpers/open-output';
import { watchPeak } from '../helpers/peak-memory';
import { type Sshd, startSshd } from '../helpers/sshd';
import { waitUntil } from '../helpers/wait-until';
import { workedOn } from '../helpers/worked-on';

jest.setTimeout(600_000);

const MIB = 1_048_576;
const ADMIN_TOKEN = 'admin-token-of-the-tests-0123456789';
/** No multiple of anything that the product reads or writes at one time. */
const RANGE_BYTES = 15_000_001;
/**
 * How much the memory may rise. Measured: 50 to 60 MiB for text, 85 for events, of which a few MiB are held: the rest is
 * what waits for the collector. Who keeps the output of one reader, or parses the long line, comes to 180 and more.
 */
const RISE_MAX_MIB = 128;

let sshd: Sshd;
let folder: string;
let box: RunningCommand;
let url: string;
let admin: Api;

beforeAll(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-large-'));
  const host = {
    transport: 'ssh',
    address: '127.0.0.1',
    port: sshd.port,
    user: sshd.user,
    identity_file: sshd.identity,
    known_hosts: sshd.knownHosts,
    capabilities: ['agent:code'],
    slots: 1,
    work_root: join(folder, 'work'),
    run_root: join(folder, 'runs'),
  };
  const templates = { events: { base: 'shell', cli: 'codex' } };
  writeFileSync(join(folder, 'signalbox.yaml'), stringify({ hosts: { far: host }, templates }));
  box = runSignalbox(['start'], {
    SIGNALBOX_STATE_DIR: join(folder, 'state'),
    SIGNALBOX_CONFIG: join(folder, 'signalbox.yaml'),
    SIGNALBOX_PORT: '0',
    SIGNALBOX_ADMIN_TOKEN: ADMIN_TOKEN,
    LOG_LEVEL: 'info',
  });
  await box.said(/Signalbox is ready: all roles/, 60_000);
  url = new URL(/^ {2}API +(\S+)/m.exec(box.output())?.[1] ?? '').origin;
  admin = createApi(url, ADMIN_TOKEN, { connection: 'close' });
  await warmUp();
}, 90_000);

afterAll(async () => {
  await box?.kill();
  await sshd?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

/** What the script prints, as a plain pipe brings it: in the first part, and in both. */
async function printed({ functions, first, second }: LargeScript) {
  const digester = new Digester(OUTPUT_TAIL_BYTES);
  const run = async (part: string) => {
    const child = spawn('sh', ['-c', functions + part], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const chunk of child.stdout) digester.take(chunk);
    return digester.digest;
  };
  return { first: await run(first), all: await run(second), tail: digester.tail };
}

async function create(id: string, script: LargeScript, template: string) {
  const gate = join(folder, encodeURIComponent(id));
  const wait = `until [ -e '${gate}' ]; do sleep 0.05; done\n`;
  const body = script.functions + script.first + wait + script.second;
  const task = { id, title: 't', body, labels: ['agent:code'], template, execution_mode: 'ssh_cli' };
  expect(await admin.post('/tasks', task)).toMatchObject({ status: 201 });
  return { goOn: () => writeFileSync(gate, '') };
}

/** Asked again while the task gives no answer in time. */
const open = (id: string, query = '', headers: Record<string, string> = {}) =>
  waitUntil(
    async () => {
      const at = `${url}/api/v1/tasks/${encodeURIComponent(id)}/output${query}`;
      const response = await openOutput(at, { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers });
      if (response.statusCode !== 503) return response;
      response.destroy();
      return false;
    },
    { what: `an answer about the output of ${id}` },
  );

/** The first so many bytes, in one range after the other. */
async function inRanges(id: string, size: number) {
  const digester = new Digester();
  for (let start = 0; start < size; start += RANGE_BYTES) {
    const end = Math.min(size, start + RANGE_BYTES);
    const part = await open(id, '', { range: `bytes=${start}-${end - 1}` });
    expect(part.statusCode).toBe(206);
    expect(part.headers['content-range']).toMatch(new RegExp(`^bytes ${start}-${end - 1}/`));
    for await (const chunk of part) digester.take(chunk);
  }
  return digester.digest;
}

async function whole(id: string) {
  const response = await open(id);
  expect(response.statusCode).toBe(200);
  const digester = new Digester();
  for await (const chunk of response) digester.take(chunk);
  return digester.digest;
}

/** Follows from now on. After a chunk of at most 64 KiB the next is taken when `next` says so. */
async function follow(id: string, next: () => Promise<unknown> | null = () => null) {
  const response = await open(id, '?follow=true');
  expect(response.statusCode).toBe(200);
  const digester = new Digester();
  const whole = (async () => {
    for await (const chunk of response) {
      digester.take(chunk);
      await next();
    }
    return { ...digester.digest, complete: response.complete };
  })();
  return { whole, bytes: () => digester.digest.bytes };
}

/** Brings in what is loaded when it is first used. */
async function warmUp() {
  const id = 'large/warm-up';
  const { goOn } = await create(id, { functions: '', first: 'echo 1\n', second: 'echo 2\n' }, 'shell');
  goOn();
  await untilClosed(admin, id);
  await (await follow(id)).whole;
}

const CASES: Array<[string, string, LargeScript]> = [
  ['as text', 'shell', LARGE_TEXT],
  ['as JSON events', 'events', LARGE_EVENTS],
];

describe.each(CASES)('200 MiB of output, read %s', (_, template, script) => {
  it('pass in constant memory, whole, to every reader', async () => {
    const id = `large/as-${template}`;
    const expected = await printed(script);
    expect(expected.all.bytes).toBeGreaterThan(200 * MIB);
    const rise = watchPeak(box.pid);
    const told: Record<string, number> = {};
    const tell = (when: string) => {
      told[when] = Math.round(rise() / MIB);
    };

    const { goOn } = await create(id, script, template);
    await waitUntil(
      async () => {
        const head = await open(id);
        head.destroy();
        return Number(head.headers['content-length']) === expected.first.bytes;
      },
      { timeoutMs: 60_000, what: 'the first part to be readable' },
    );
    expect(await inRanges(id, expected.first.bytes)).toEqual(expected.first);
    tell('first part read in ranges');

    let closed = false;
    const quick = await follow(id);
    // Takes nothing of the second part before the run is over, and then little at a time.
    let chunks = 0;
    const slow = await follow(id, () => {
      if (!closed) return waitUntil(() => closed, { timeoutMs: 90_000, what: 'the end' });
      return chunks++ % 4 === 0 ? pause(1) : null;
    });
    await waitUntil(() => quick.bytes() === expected.first.bytes, {
      timeoutMs: 60_000,
      what: 'the first part',
    });
    goOn();
    expect(await quick.whole).toEqual({ ...expected.all, complete: true });
    const task = await untilClosed(admin, id);
    tell('run over, a reader stalls');
    expect(slow.bytes()).toBeLessThan(MIB);
    closed = true;
    expect(await slow.whole).toEqual({ ...expected.all, complete: true });
    tell('slow reader done');
    expect(await inRanges(id, expected.all.bytes)).toEqual(expected.all);
    tell('read in ranges');
    expect(await whole(id)).toEqual(expected.all);
    tell('read whole');

    expect(task).toMatchObject({ status: 'completed', retry_count: 0 });
    expect(task.receipt).toMatchObject({
      status: 'completed',
      summary: expect.stringMatching(/Printed it all\.$/),
    });
    expect(workedOn(task)).toHaveLength(1);
    expect(Buffer.from(task.receipt?.output_tail ?? '').equals(expected.tail)).toBe(true);
    expect(Object.entries(told).filter(([, mib]) => mib >= RISE_MAX_MIB)).toEqual([]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { AttemptWatch } from '../../api/attempt-watch';
import { findGrowingOutput, findOutput, type OutputChoice } from '../../api/find-output';
import { followOutput } from '../../api/follow-output';
import { followerConnection } from '../../api/follower-connection';
import { ApiProblem } from '../../api/problems';
import type { TaskReading } from '../../api/read-task';
import { waitUntil } from '../helpers/wait-until';

let root: string;
let blobs: DirectoryBlobStore;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-follow-'));
  blobs = new DirectoryBlobStore(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Row = [epoch: number, ended: boolean, ref: string | null];
const reading = (running: boolean, rows: Row[] | null) =>
  ({
    running,
    report: rows && {
      view: {
        attempts: rows.map(([epoch, ended, output_ref]) => ({
          epoch,
          ended_at: ended ? '2026-01-01T00:00:00.000Z' : null,
          output_ref,
        })),
      },
    },
  }) as unknown as TaskReading;

const out = (epoch?: number): OutputChoice => ({ epoch, stream: 'stdout' });

describe('the output to follow', () => {
  const [first, second] = ['output:first', 'output:second'] as const;

  it('is that of the attempt that runs, though it has none yet', async () => {
    await blobs.append(first, 0, Buffer.from('1'));
    const now = reading(true, [
      [1, true, first],
      [3, false, second],
    ]);
    expect(await findGrowingOutput(blobs, now, out())).toMatchObject({ ref: second, epoch: 3 });
    expect(await findGrowingOutput(blobs, now, out(1))).toMatchObject({ ref: first, epoch: 1 });
    expect(await findOutput(blobs, now, out())).toEqual({ ref: first, epoch: 1, size: 1 });
  });

  it('is the latest there is when none runs', async () => {
    await blobs.append(first, 0, Buffer.from('1'));
    const rows: Row[] = [
      [1, true, first],
      [3, true, second],
    ];
    expect(await findGrowingOutput(blobs, reading(true, rows), out())).toMatchObject({ ref: first });
    await expect(findGrowingOutput(blobs, reading(true, rows), out(3))).rejects.toMatchObject({
      statusCode: 404,
    });
    await expect(findGrowingOutput(blobs, reading(true, [[1, false, null]]), out())).rejects.toMatchObject({
      code: 'no_output',
    });
  });
});

describe('an attempt that is watched', () => {
  const runs = reading(true, [[1, false, 'output:a']]);

  it.each<[string, TaskReading, boolean]>([
    ['runs', runs, false],
    ['has ended', reading(true, [[1, true, 'output:a']]), true],
    ['is of a closed task', reading(false, [[1, false, 'output:a']]), true],
    ['is of a task that was terminated', reading(false, null), true],
    ['is of a task whose workers are away', reading(true, null), false],
    ['is of another run of the task', reading(true, [[5, false, 'output:b']]), true],
  ])('%s', (_, first, over) => {
    expect(new AttemptWatch(1, async () => first, first).over).toBe(over);
  });

  it('is asked for once a second, and a failed question says nothing', async () => {
    const answers = [
      async () => Promise.reject(new Error('engine away')),
      async () => Promise.reject(new ApiProblem(404, 'task_not_found', 'gone')),
    ];
    const asked: number[] = [Date.now()];
    const ask = () => {
      asked.push(Date.now());
      return (answers.shift() ?? (async () => runs))();
    };
    const watch = new AttemptWatch(1, ask, runs);
    const keepAsking = () => {
      watch.ask();
      return watch.over;
    };
    await waitUntil(keepAsking, { what: 'the 404' });
    expect(asked).toHaveLength(3);
    for (const [n, at] of asked.slice(1).entries()) expect(at - (asked[n] ?? 0)).toBeGreaterThanOrEqual(995);
  });
});

describe('a connection that follows', () => {
  const ref = 'output:a';
  let server: Server;
  let closing: AbortController;
  let asks: number;
  let signal: AbortSignal | undefined;
  const SERVER_MS = 200;

  beforeEach(async () => {
    closing = new AbortController();
    asks = 0;
    server = createServer((_request, response) => {
      signal = followerConnection(response, { closing: closing.signal, stalledMs: 400 });
      const watch = {
        over: false,
        ask: () => {
          asks += 1;
        },
      };
      const source = Readable.from(followOutput(blobs, { ref, watch, signal }));
      source.on('error', () => response.destroy());
      source.pipe(response);
    });
    server.timeout = SERVER_MS;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      get({ port, host: '127.0.0.1', agent: false }, (response) => {
        response.on('error', () => {});
        resolve(response);
      }).once('error', reject);
    });

  it('may be silent for longer than others', async () => {
    const response = await open();
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
    });
    await pause(5 * SERVER_MS);
    await blobs.append(ref, 0, Buffer.from('late'));
    await waitUntil(() => text === 'late', { what: 'output after a silence' });
    response.destroy();
  });

  it('is let go when its reader takes nothing', async () => {
    await blobs.append(ref, 0, Buffer.alloc(32 * 1_048_576));
    const response = await open();
    await waitUntil(() => signal?.aborted, { what: 'the stalled reader to be cut off' });
    response.destroy();
  });

  it('asks nothing more once its reader has left', async () => {
    const response = await open();
    await waitUntil(() => asks > 0, { what: 'a question' });
    response.destroy();
    await waitUntil(() => signal?.aborted, { what: 'the server to see it' });
    const asked = asks;
    await pause(700);
    expect(asks).toBe(asked);
  });

  it('is cut when the server stops', async () => {
    const response = await open();
    const cut = new Promise((resolve) => response.once('close', () => resolve(!response.complete)));
    response.resume();
    closing.abort();
    expect(await cut).toBe(true);
    expect(signal?.aborted).toBe(true);
  });

  it('does not look complete when the output is taken away', async () => {
    await blobs.append(ref, 0, Buffer.from('there'));
    const response = await open();
    const cut = new Promise((resolve) => response.once('close', () => resolve(!response.complete)));
    await new Promise((resolve) => response.once('data', resolve));
    rmSync(root, { recursive: true });
    expect(await cut).toBe(true);
  });
});

/** Agents that pull: what they cost while they wait, and how soon they have their task. */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type Api, createApi } from '../../examples/demo/api';
import { type System, startSystem } from '../../examples/demo/system';
import { readServerRecord } from '../../workers/temporal/server-record';
import { temporalAddress } from '../temporal-address';
import { type Backlog, measureBacklog } from './backlog';
import { type CountedServer, countedServer } from './counted-server';
import { measureDelivery } from './delivery';
import { measureParked } from './parked';
import type { Parked } from './parked-figures';
import type { Beside } from './times';

export interface PullFigures {
  /** With no other agent, and with all of `parked` waiting as well. */
  delivery: { alone: Beside; amongMany: Beside };
  parked: Parked;
  backlog: Backlog;
  /** Load average of one minute before each of these, for they share the machine. */
  load: { alone: number; parked: number; amongMany: number; backlog: number };
}

interface Options {
  /** That wait at one time. */
  tasks: number;
  onLine: (line: string) => void;
}

interface Started {
  system: System;
  admin: Api;
  url: string;
  stateDir: string;
}

/** @returns why it is left out, where it is */
export async function measurePull(directory: string, options: Options): Promise<PullFigures | string> {
  if (process.platform !== 'linux') return 'it reads /proc, which only Linux has';
  mkdirSync(directory, { recursive: true });
  const server = await countedServer(directory, options.onLine);
  const first = await start(join(directory, 'first'), options, server);
  try {
    const before = await measureWaiting(first, server, options);
    options.onLine(`Filling a system with ${options.tasks} tasks`);
    const second = await start(join(directory, 'second'), options);
    try {
      const load = loadavg()[0] ?? Number.NaN;
      const backlog = await measureBacklog([first, second], options.tasks);
      return { ...before, backlog, load: { ...before.load, backlog: load } };
    } finally {
      await stop(second);
    }
  } finally {
    await stop(first);
  }
}

/** One that is busy with thousands of tasks may be too late for a clean stop, which says nothing of the figures. */
const stop = ({ system }: Started) => system.stop().catch((error: unknown) => console.error(error));

async function measureWaiting(
  { system, admin, url, stateDir }: Started,
  server: CountedServer,
  { onLine }: Options,
) {
  const address = temporalAddress(stateDir);
  const connection = await Connection.connect({ address });
  const worker = fork(join(__dirname, '..', 'bare-worker.js'), [address]);
  try {
    await once(worker, 'message');
    const client = new Client({ connection });
    const load = () => loadavg()[0] ?? Number.NaN;
    const loads = { alone: load(), parked: 0, amongMany: 0 };
    const alone = await measureDelivery(admin, url, client);
    onLine('Agents wait: about three minutes');
    loads.parked = load();
    const enginePid = readServerRecord(stateDir)?.pid ?? 0;
    const { parked, crowd } = await measureParked({ system, enginePid, admin, server });
    loads.amongMany = load();
    const amongMany = await measureDelivery(admin, url, client).finally(crowd.end);
    return { delivery: { alone, amongMany }, parked, load: loads };
  } finally {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    await connection.close();
  }
}

/** No hosts: they look for work as well. */
async function start(directory: string, { onLine }: Options, server?: CountedServer): Promise<Started> {
  mkdirSync(directory, { recursive: true });
  const stateDir = join(directory, 'state');
  const configFile = join(directory, 'signalbox.yaml');
  writeFileSync(configFile, 'hosts: {}\n');
  const adminToken = randomBytes(24).toString('base64url');
  // A full machine has workers that are late, thousands of times.
  const variables = { LOG_LEVEL: 'error', ...(server && { SIGNALBOX_TEMPORAL_CLI: server.command }) };
  const system = await startSystem({ stateDir, configFile, adminToken, onLine, variables });
  return { system, admin: createApi(system.url, adminToken), url: system.url, stateDir };
}

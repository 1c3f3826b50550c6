/**
 * From the decision that a run starts to the first thing that the remote process does, which is to look at the
 * clock; beside the same command by `ssh`.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { Host } from '../../activities/ssh/host';
import { startRun } from '../../activities/ssh/start-run';
import { hostSchema } from '../../contracts/config';
import { promptConfigSchema } from '../../contracts/prompt';
import type { RunRequest } from '../../contracts/run';
import type { Sshd } from '../../examples/demo/sshd';
import { createTransport } from '../../workers/transports';
import { until } from '../until';
import { timeOf } from './marks';
import { median } from './median';
import { coldSsh, masteredSsh } from './openssh';
import { sshHost } from './ssh-host';

const ROUNDS = 25;
const WARM_UPS = 3;
const NOW = 'date +%s%3N';
const RUN_MS = 20_000;
/** Between two measurements, so that none pays for what the one before it left to do. */
const CALM_MS = 300;

export interface Latency {
  rounds: number;
  /** Medians, in milliseconds. */
  runMs: number;
  coldMs: number;
  masterMs: number;
  ofCold: number;
  ofMaster: number;
}

export async function measureLatency(sshd: Sshd, directory: string): Promise<Latency> {
  const config = hostSchema.parse(sshHost(sshd, directory, { slots: ROUNDS + WARM_UPS }));
  const transport = createTransport(config, { home: homedir(), searchPath: [], variable: () => null });
  const master = await masteredSsh(sshd, directory);
  const logger = { info: () => undefined, warn: () => undefined };
  const host = new Host({
    hostId: 'bench',
    host: { ...config, slots: ROUNDS + WARM_UPS },
    templates: {},
    default_template: 'shell',
    prompts: promptConfigSchema.parse({}),
    transport,
    blobs: new DirectoryBlobStore(join(directory, 'blobs')),
    logger,
  });
  /** Each gives the time at which its remote process began. */
  const ways = {
    cold: async () => timeOf(await coldSsh(sshd)(NOW)),
    master: async () => timeOf(await master.ssh(NOW)),
    run: () => timeOfRun(host),
  };
  const times = { cold: [] as number[], master: [] as number[], run: [] as number[] };
  try {
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      for (const way of ['cold', 'master', 'run'] as const) {
        await new Promise((resolve) => setTimeout(resolve, CALM_MS));
        const decidedAt = Date.now();
        const beganAt = await ways[way]();
        if (round >= 0) times[way].push(beganAt - decidedAt);
      }
    }
  } finally {
    await transport.close();
    await master.close();
  }
  return latencyOf(times);
}

export function latencyOf(times: Record<'cold' | 'master' | 'run', number[]>): Latency {
  const [coldMs, masterMs, runMs] = [median(times.cold), median(times.master), median(times.run)];
  const rounds = times.run.length;
  return { rounds, runMs, coldMs, masterMs, ofCold: runMs / coldMs, ofMaster: runMs / masterMs };
}

async function timeOfRun(host: Host): Promise<number> {
  const { run_dir } = await startRun(host, request());
  // The host is this machine.
  await until('the run has ended', RUN_MS, () => existsSync(join(run_dir, 'rc')));
  return timeOf(readFileSync(join(run_dir, 'out'), 'utf8'));
}

function request(): RunRequest {
  const attempt_id = `bench-${randomUUID()}`;
  return {
    attempt_id,
    task_id: attempt_id,
    epoch: 1,
    title: 'bench',
    body: { inline: NOW },
    labels: [],
    template: 'shell',
    repository: null,
    branch_name: 'signalbox/bench',
    checkpoint: null,
    findings: [],
    host_lost_after_ms: 60_000,
    kill_grace_ms: 1_000,
  };
}

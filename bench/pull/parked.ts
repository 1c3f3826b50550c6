/** The same process with no agent, with one that waits, and with 1 000. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Api } from '../../examples/demo/api';
import type { System } from '../../examples/demo/system';
import { until } from '../until';
import { cpuMsOf } from '../usage';
import type { CountedServer } from './counted-server';
import { type Crowd, parkCrowd } from './crowd';
import { type Parked, parkedOf, type Rest } from './parked-figures';

/** As long as a poll, so that each agent asks again once. */
const CYCLE_MS = 50_000;
/** Less than is left of a poll when they have been gathered. */
const STILL_MS = 30_000;
const COME_OVER_MS = 20_000;
/** How long no workflow makes a step before what was begun is taken to have ended. */
const CALM_MS = 5_000;
const SETTLED_MS = 300_000;
const AGENTS = 1_000;

interface Measured {
  system: System;
  enginePid: number;
  admin: Api;
  server: CountedServer;
}

/** @returns with the crowd still there */
export async function measureParked(of: Measured): Promise<{ parked: Parked; crowd: Crowd }> {
  const { admin, system, server } = of;
  await settled(server);
  const idle = await rest(of, CYCLE_MS, null, 0);
  const single = await parkCrowd(admin, system.url, { name: 'single', count: 1, comeOverMs: 0 });
  const one = await settled(server)
    .then(() => rest(of, CYCLE_MS, single, 1))
    .finally(single.end);
  const crowd = await parkCrowd(admin, system.url, {
    name: 'crowd',
    count: AGENTS,
    comeOverMs: COME_OVER_MS,
  });
  try {
    await settled(server);
    await crowd.gather();
    const still = await rest(of, STILL_MS, crowd, AGENTS);
    const polling = await rest(of, CYCLE_MS, crowd, AGENTS);
    return { parked: parkedOf({ idle, one, still, polling }), crowd };
  } catch (error) {
    await crowd.end();
    throw error;
  }
}

async function rest(
  { system, enginePid, server }: Measured,
  ms: number,
  crowd: Crowd | null,
  agents: number,
): Promise<Rest> {
  const look = async () => ({
    at: performance.now(),
    cpuMs: cpuMs(system.pid),
    engineCpuMs: cpuMs(enginePid),
    calls: (await server.calls()).visibility,
    ...((await crowd?.state()) ?? { polls: 0, odd: 0 }),
  });
  const before = await look();
  await pause(ms);
  const after = await look();
  return {
    agents,
    seconds: (after.at - before.at) / 1000,
    cpuMs: after.cpuMs - before.cpuMs,
    engineCpuMs: after.engineCpuMs - before.engineCpuMs,
    visibilityCalls: after.calls - before.calls,
    polls: after.polls - before.polls,
    odd: after.odd - before.odd,
  };
}

/** Agents that came are registered by workflows, which takes its time when they are many. */
async function settled(server: CountedServer): Promise<void> {
  await until('no workflow makes a step', SETTLED_MS, async () => {
    const before = (await server.calls()).workflowTasks;
    await pause(CALM_MS);
    return (await server.calls()).workflowTasks === before;
  });
}

const cpuMs = (pid: number) => cpuMsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'));

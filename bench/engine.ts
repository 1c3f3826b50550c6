/** The product beside the bare engine, on one server. */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type Api, createApi } from '../examples/demo/api';
import { startSystem } from '../examples/demo/system';
import type { Cost } from './actions';
import { costOfKinds, eventsOfRenewals } from './kinds';
import { bareLife, restLife } from './lives';
import { alternate, type Measured, measure } from './measure';
import { temporalAddress } from './temporal-address';

/** In flight → lives per round: enough for a steady rate, few enough for a coffee. */
const LOADS = [
  { inFlight: 1, lives: 40 },
  { inFlight: 8, lives: 160 },
  { inFlight: 32, lives: 320 },
];
const WARM_UP_LIVES = 40;
const RENEWALS = 1_000;

export interface EngineFigures {
  throughput: Array<{ inFlight: number; ratio: number; rest: Measured; bare: Measured }>;
  costs: Array<Cost & { kind: string }>;
  renewals: { count: number; events: number };
}

export async function measureEngine(
  directory: string,
  { rounds, scale, onLine }: { rounds: number; scale: number; onLine: (line: string) => void },
): Promise<EngineFigures> {
  mkdirSync(directory, { recursive: true });
  const stateDir = join(directory, 'state');
  const configFile = join(directory, 'signalbox.yaml');
  writeFileSync(configFile, hostConfig(directory));
  const adminToken = randomBytes(24).toString('base64url');
  const system = await startSystem({ stateDir, configFile, adminToken, onLine });
  const admin = createApi(system.url, adminToken);
  const agents = await agentClients(admin, system.url, 32);
  const address = temporalAddress(stateDir);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const worker = fork(join(__dirname, 'bare-worker.js'), [address]);
  try {
    await new Promise((resolve) => worker.once('message', resolve));
    const rest = restLife(admin, agents);
    const bare = bareLife(client);
    await measure(rest, 8, WARM_UP_LIVES);
    await measure(bare, 8, WARM_UP_LIVES);
    const throughput = [];
    for (const { inFlight, lives } of LOADS) {
      const count = Math.max(inFlight, Math.round(lives * scale));
      const both = await alternate({ rest, bare }, inFlight, count, rounds);
      throughput.push({ inFlight, ...both, ratio: both.rest.perSecond / both.bare.perSecond });
    }
    const costs = await costOfKinds(client, admin, agents[0] as Api);
    const events = await eventsOfRenewals(client, admin, agents[0] as Api, RENEWALS);
    return { throughput, costs, renewals: { count: RENEWALS, events } };
  } catch (error) {
    // Said before the clean-up, which may fail because of it.
    console.error(error);
    throw error;
  } finally {
    worker.kill('SIGTERM');
    await new Promise((resolve) => worker.once('exit', resolve));
    await connection.close();
    await system.stop();
  }
}

async function agentClients(admin: Api, url: string, count: number): Promise<Api[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const reply = await admin.post('/tokens', { agent_id: `bench-${i}`, role: 'agent' });
      if (reply.status !== 201) throw new Error(`no token: ${JSON.stringify(reply.body)}`);
      return createApi(url, reply.body.token);
    }),
  );
}

const hostConfig = (directory: string) => `hosts:
  local:
    capabilities: [agent:code]
    work_root: ${JSON.stringify(join(directory, 'work'))}
    run_root: ${JSON.stringify(join(directory, 'runs'))}
`;

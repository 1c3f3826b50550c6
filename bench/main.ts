/**
 * `npm run bench`: the product beside the bare engine, on one server in one run. Only the ratios mean anything;
 * times depend on the machine. Options: --rounds N (default 3), --scale X (lives per round, default 1).
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { type Api, createApi } from '../examples/demo/api';
import { startSystem } from '../examples/demo/system';
import { costOfKinds, eventsOfRenewals } from './kinds';
import { bareLife, restLife } from './lives';
import { alternate, measure } from './measure';

/** In flight → lives per round: enough for a steady rate, few enough for a coffee. */
const LOADS = [
  { inFlight: 1, lives: 40 },
  { inFlight: 8, lives: 160 },
  { inFlight: 32, lives: 320 },
];
const WARM_UP_LIVES = 40;
const RENEWALS = 1_000;
/** What the project aims at. */
const AIM = { ratio: 0.6, actions: 10 };

async function main() {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } },
  });
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-bench-'));
  const stateDir = join(directory, 'state');
  const configFile = join(directory, 'signalbox.yaml');
  writeFileSync(configFile, hostConfig(directory));
  const adminToken = randomBytes(24).toString('base64url');
  const system = await startSystem({
    stateDir,
    configFile,
    adminToken,
    onLine: (line) => console.error(line),
  });
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
      const count = Math.max(inFlight, Math.round(lives * Number(values.scale)));
      const both = await alternate({ rest, bare }, inFlight, count, Number(values.rounds));
      throughput.push({ inFlight, ...both, ratio: both.rest.perSecond / both.bare.perSecond });
    }
    const costs = await costOfKinds(client, admin, agents[0] as Api);
    const renewalEvents = await eventsOfRenewals(client, admin, agents[0] as Api, RENEWALS);
    report({ throughput, costs, renewals: { count: RENEWALS, events: renewalEvents }, aim: AIM });
  } catch (error) {
    // Said before the clean-up, which may fail because of it.
    console.error(error);
    process.exitCode = 1;
  } finally {
    worker.kill('SIGTERM');
    await new Promise((resolve) => worker.once('exit', resolve));
    await connection.close();
    await system.stop();
    rmSync(directory, { recursive: true, force: true });
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

/** The embedded server notes its address in the state directory. */
function temporalAddress(stateDir: string): string {
  return `127.0.0.1:${JSON.parse(readFileSync(join(stateDir, 'temporal.json'), 'utf8')).port}`;
}

function report(result: {
  throughput: Array<
    { inFlight: number; ratio: number } & Record<'rest' | 'bare', Awaited<ReturnType<typeof measure>>>
  >;
  costs: Array<{ kind: string; events: number; actions: number }>;
  renewals: { count: number; events: number };
  aim: typeof AIM;
}) {
  const round = (value: number, digits = 1) => Number(value.toFixed(digits));
  console.log('\nWhole lives: create, dequeue, complete, closed – beside start, Update, signal, result');
  console.table(
    result.throughput.map(({ inFlight, rest, bare, ratio }) => ({
      'in flight': inFlight,
      'REST /s': round(rest.perSecond),
      'bare /s': round(bare.perSecond),
      ratio: round(ratio, 2),
      'REST p50 ms': round(rest.p50Ms),
      'bare p50 ms': round(bare.p50Ms),
      'REST p95 ms': round(rest.p95Ms),
      'bare p95 ms': round(bare.p95Ms),
    })),
  );
  console.log('Cost of one task');
  console.table(result.costs);
  console.log(`${result.renewals.count} renewals added ${result.renewals.events} history events`);
  console.log(
    `Aims: ratio at least ${AIM.ratio}; at most ${AIM.actions} actions for an undecided pulled task`,
  );
  const folder = join(__dirname, '..', '..', 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.json`);
  writeFileSync(file, JSON.stringify(result, null, 2));
  console.log(`JSON: ${file}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

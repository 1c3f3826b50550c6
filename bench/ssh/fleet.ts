/** 10 hosts with 10 runs each, all at once, over SSH; what they cost the one process of Signalbox. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type Api, createApi } from '../../examples/demo/api';
import type { Sshd } from '../../examples/demo/sshd';
import { startSystem } from '../../examples/demo/system';
import { taskWorkflowId } from '../../workflows/names';
import { temporalAddress } from '../temporal-address';
import { until } from '../until';
import { watchedDuring } from '../usage';
import { fleetOf, type Seen } from './fleet-figures';
import { timeOf } from './marks';
import { FLEET_LABEL, sshHost } from './ssh-host';

const HOSTS = 10;
const SLOTS = 10;
const RUNS = HOSTS * SLOTS;
/** How long all of them go on together, in milliseconds. */
const TOGETHER_MS = 15_000;
const ONLINE_MS = 60_000;
const STARTED_MS = 180_000;
const CLOSED_MS = 120_000;

export async function measureFleet(sshd: Sshd, directory: string, onLine: (line: string) => void) {
  const marks = join(directory, 'marks');
  mkdirSync(marks, { recursive: true });
  const configFile = join(directory, 'signalbox.yaml');
  const hosts = Array.from({ length: HOSTS }, (_, i) => `bench-${i}`);
  const configured = hosts.map((id) => [id, sshHost(sshd, join(directory, id), { slots: SLOTS })]);
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify({ hosts: Object.fromEntries(configured) }));
  const stateDir = join(directory, 'state');
  const adminToken = randomBytes(24).toString('base64url');
  const system = await startSystem({ stateDir, configFile, adminToken, onLine });
  const api = createApi(system.url, adminToken);
  const connection = await Connection.connect({ address: temporalAddress(stateDir) });
  try {
    await until('all hosts are online', ONLINE_MS, async () => {
      const { holders } = (await api.get('/hosts')).body;
      return holders.filter(({ presence }: { presence: string }) => presence === 'online').length === HOSTS;
    });
    const client = new Client({ connection });
    const { result: tasks, watched } = await watchedDuring(system.pid, () => liveOut(api, client, marks));
    return fleetOf({ hosts: HOSTS, tasks, runs: runsOf(marks), watched });
  } catch (error) {
    // Said before the clean-up, which may fail because of it.
    console.error(error);
    throw error;
  } finally {
    await connection.close();
    await system.stop();
  }
}

/** Creates the tasks, lets their runs go on until all are there and some time longer, and sees them closed. */
async function liveOut(api: Api, client: Client, marks: string): Promise<Seen['tasks']> {
  const ids = Array.from({ length: RUNS }, (_, i) => `bench/fleet-${i}`);
  await Promise.all(
    ids.map(async (id, i) => {
      const task = { id, title: 'bench', body: agent(marks, i), labels: [FLEET_LABEL], template: 'shell' };
      const reply = await api.post('/tasks', task);
      if (reply.status !== 201) throw new Error(`creating ${id}: ${JSON.stringify(reply.body)}`);
    }),
  );
  const count = (kind: string) => readdirSync(marks).filter((name) => name.endsWith(kind)).length;
  try {
    await until(`${RUNS} runs are there`, STARTED_MS, () => count('.from') >= RUNS);
    await new Promise((resolve) => setTimeout(resolve, TOGETHER_MS));
  } finally {
    // Also when something is wrong, or they would go on for ever.
    writeFileSync(join(marks, 'go'), '');
  }
  // Of the engine itself: asking Signalbox would be work for the process that is watched.
  const closed = Promise.all(ids.map((id) => client.workflow.getHandle(taskWorkflowId(id)).result()));
  await within(CLOSED_MS, 'all tasks are closed', closed);
  const tasks: Seen['tasks'] = [];
  for (const id of ids) {
    const { status, reason } = await api.task(id);
    tasks.push({ id, status, failure: reason?.message ?? null });
  }
  return tasks;
}

/** Notes when it began and ended, and prints a line every few seconds, as agents do, until there is the file `go`. */
const agent = (marks: string, i: number) => `
mark() { date +%s%3N >"${marks}/tmp-${i}" && mv "${marks}/tmp-${i}" "${marks}/${i}-$SIGNALBOX_EPOCH$1"; }
mark .from
until [ -e "${marks}/go" ]; do
  echo "at work: a line as long as those of agents are"
  sleep 5
done
mark .to
echo done
`;

function runsOf(marks: string): Seen['runs'] {
  const read = (name: string) => timeOf(readFileSync(join(marks, name), 'utf8'));
  const names = readdirSync(marks);
  return names
    .filter((name) => name.endsWith('.from'))
    .map((name) => ({ name, end: name.replace(/from$/, 'to') }))
    .map(({ name, end }) => ({ from: read(name), to: names.includes(end) ? read(end) : null }));
}

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up waiting until ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

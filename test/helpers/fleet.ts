/** Signalbox as separate processes, each of which a test may kill -9 and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Api, createApi } from '../../examples/demo/api';
import { freePort } from '../../workers/temporal/free-port';
import { waitUntil } from './wait-until';

export type RoleName = 'temporal' | 'api' | 'worker' | 'host';
export const ROLES: readonly RoleName[] = ['temporal', 'worker', 'host', 'api'];

const ROOT = join(__dirname, '..', '..');
const START_MS = 180_000;
/** A socket that is kept for the next call would count as left behind. */
const ONE_CALL = { connection: 'close' };
const ADMIN_TOKEN = 'admin-token-of-the-tests-0123456789';

export interface Fleet {
  directory: string;
  url: string;
  admin: Api;
  /** Of the admin, for calls that are not JSON. */
  headers: Record<string, string>;
  /** A client with the token of an agent. */
  agent(id: string): Promise<Api>;
  start(...roles: RoleName[]): Promise<void>;
  /** kill -9, and returns when they are gone. */
  kill9(...roles: RoleName[]): Promise<void>;
  /** kill -9 of the Temporal server itself; its supervisor is to start it again. */
  kill9Server(): void;
  /** All that the roles have printed. */
  output(): string;
  stop(): Promise<void>;
}

/** @param config beside the `local` host, whose directories are made here */
export async function createFleet(config: Record<string, unknown> = {}, slots = 2): Promise<Fleet> {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-fleet-'));
  const configFile = join(directory, 'signalbox.yaml');
  const local = {
    capabilities: ['agent:code'],
    slots,
    work_root: join(directory, 'work'),
    run_root: join(directory, 'runs'),
  };
  writeFileSync(configFile, stringify({ hosts: { local }, ...config }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const admin = createApi(url, ADMIN_TOKEN, ONE_CALL);
  const children = new Map<RoleName, ChildProcess>();
  let printed = '';

  const environment = {
    ...process.env,
    SIGNALBOX_PORT: String(port),
    SIGNALBOX_STATE_DIR: join(directory, 'state'),
    SIGNALBOX_CONFIG: configFile,
    SIGNALBOX_ADMIN_TOKEN: ADMIN_TOKEN,
    LOG_LEVEL: 'info',
  };

  async function startRole(role: RoleName) {
    const child = spawn(process.execPath, [join('dist', 'cli', 'main.js'), role], {
      cwd: ROOT,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.set(role, child);
    let own = '';
    const read = (chunk: Buffer) => {
      own += chunk;
      printed += chunk;
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    await waitUntil(
      () => {
        if (child.exitCode !== null) throw new Error(`${role} ended with ${child.exitCode}`);
        // Not the end of "address already in use".
        return /\bready\b/i.test(own);
      },
      { timeoutMs: START_MS, what: `${role} to be ready` },
    ).catch((error: unknown) => {
      throw new Error(`${error}\n${own}`);
    });
  }

  const gone = (child: ChildProcess) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });

  async function signal(roles: readonly RoleName[], name: NodeJS.Signals) {
    const ending = roles.flatMap((role) => children.get(role) ?? []);
    for (const role of roles) children.delete(role);
    for (const child of ending) child.kill(name);
    await Promise.all(ending.map(gone));
  }

  return {
    directory,
    url,
    admin,
    headers: { ...ONE_CALL, authorization: `Bearer ${ADMIN_TOKEN}` },
    async agent(id) {
      const reply = await admin.post('/tokens', { agent_id: id, role: 'agent' });
      if (reply.status !== 201) throw new Error(`no token: ${JSON.stringify(reply.body)}`);
      return createApi(url, reply.body.token, ONE_CALL);
    },
    async start(...roles) {
      await Promise.all(roles.map(startRole));
    },
    kill9: (...roles) => signal(roles, 'SIGKILL'),
    kill9Server() {
      const { pid } = JSON.parse(readFileSync(join(directory, 'state', 'temporal.json'), 'utf8'));
      process.kill(pid, 'SIGKILL');
    },
    output: () => printed,
    async stop() {
      // Temporal last: the others let go of it first.
      await signal(['api', 'host', 'worker'], 'SIGTERM');
      await signal(['temporal'], 'SIGTERM');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Kills the Temporal server with -9; its supervisor has another one when this returns. */
export async function replaceServer(fleet: Fleet): Promise<void> {
  const file = join(fleet.directory, 'state', 'temporal.json');
  const before = readFileSync(file, 'utf8');
  fleet.kill9Server();
  await waitUntil(() => readFileSync(file, 'utf8') !== before, { what: 'another Temporal server' });
}

const CLOSED = new Set(['completed', 'failed', 'cancelled']);

/** Waits until the task is closed; calls that fail meanwhile are repeated. */
export const untilClosed = (api: Api, id: string, timeoutMs = 180_000) =>
  waitUntil(
    async () => {
      const task = await api.task(id);
      return CLOSED.has(task.status) ? task : false;
    },
    { timeoutMs, what: `${id} to be closed` },
  );

/** Repeats a call until it is answered with one of the statuses. */
export const untilAnswered = (
  what: string,
  call: () => Promise<{ status: number; body: unknown }>,
  ...statuses: number[]
) =>
  waitUntil(
    async () => {
      const reply = await call();
      if (!statuses.includes(reply.status)) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`);
      return reply as Awaited<ReturnType<Api['post']>>;
    },
    { timeoutMs: 180_000, what },
  );

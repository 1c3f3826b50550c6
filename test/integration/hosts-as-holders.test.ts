/** Hosts that come and go, lack what a task needs, or are to take nothing: over a real sshd, seen through the API. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { configSchema } from '../../contracts/config';
import { readEnvironment } from '../../workers/config/environment';
import { startHostWorkers } from '../../workers/host';
import type { Role, RoleDeps } from '../../workers/role';
import { holderWorkflowId } from '../../workflows/names';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { startControl } from '../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { sshHost } from '../helpers/ssh-host';
import { type Sshd, startSshd } from '../helpers/sshd';
import { type TcpProxy, tcpProxy } from '../helpers/tcp-proxy';
import { waitUntil } from '../helpers/wait-until';
import { workedOn } from '../helpers/worked-on';

const SECRET = 's3ntinel-of-this-test';
let space: TestNamespace;
let control: Role;
let api: TestApi;
let sshd: Sshd;
let proxy: TcpProxy;
let root: string;
let log = '';
let config: ReturnType<typeof configSchema.parse>;

beforeAll(async () => {
  space = await createNamespace('hosts');
  control = await startControl(space.temporal);
  sshd = await startSshd();
  proxy = await tcpProxy(sshd.port);
  root = mkdtempSync(join(tmpdir(), 'signalbox-hosts-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'codex'));
  const reached = sshHost(sshd, root);
  const box = {
    ...reached,
    capabilities: ['agent:code'],
    env: { ...reached.env, KEY: { from_env: 'A_KEY' } },
    connect_timeout_ms: 2_000,
  };
  config = configSchema.parse({
    // The same machine, over a network that can freeze.
    hosts: { box, far: { ...box, port: proxy.port, capabilities: ['agent:far'] } },
    // A presence of 6 s: looks are slow where much else runs.
    probe_ms: 2_000,
    backoff: { initial_ms: 50, max_ms: 100 },
    templates: { 'codex-cli': { cli: 'text' }, whoami: { argv: 'printenv KEY' } },
  });
  api = await startTestApi(space.temporal, { config: { ...config } });
});

afterAll(async () => {
  await api?.stop();
  await control?.stop();
  await proxy?.close();
  await sshd?.stop();
  await space?.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

let roles: Role[] = [];
let down = false;
afterEach(async () => {
  for (const role of roles) await role.stop();
  roles = [];
  proxy.thaw();
  if (down) await rise();
});

async function fall() {
  down = true;
  await sshd.kill9();
}

async function rise() {
  await sshd.start();
  down = false;
}

async function serve(): Promise<Role> {
  const role = await startHostWorkers({
    environment: readEnvironment({ ...process.env, A_KEY: SECRET }),
    config,
    stateDir: { path: root } as RoleDeps['stateDir'],
    temporal: space.temporal,
    logger: pino({ level: 'trace' }, { write: (line: string) => (log += line) }),
    bundlePath: '',
  });
  roles.push(role);
  return role;
}

const host = async (name = 'box') =>
  (await api.get('/hosts')).body.holders.find(({ id }: { id: string }) => id === name);
const until = (what: string, fits: (seen: Awaited<ReturnType<typeof host>>) => boolean, name = 'box') =>
  waitUntil(
    async () => {
      const seen = await host(name);
      return seen && fits(seen) ? seen : false;
    },
    { what, timeoutMs: 60_000 },
  );

/** It is online first: a host of which nothing is known yet is offline too, and may still become online. */
async function serveAndFall() {
  await serve();
  await until('the host to be online', ({ reachable }) => reachable);
  await fall();
  return until(
    'the host to be offline',
    ({ reachable, failure }) => !reachable && failure?.code === 'connection_refused',
  );
}

/** Until the host was looked at twice from now on: by then whoever serves it knows what its holder knows now. */
async function servedAsItIs(name = 'box'): Promise<void> {
  for (let looks = 0; looks < 2; looks += 1) {
    const now = Date.now();
    await until('the next look', ({ last_probe_at }) => Date.parse(last_probe_at) > now, name);
  }
}

async function create(fields: Record<string, unknown> = {}): Promise<string> {
  const body = { title: 't', body: 'true', labels: ['agent:code'], ...fields };
  const answer = await api.post('/tasks', body);
  expect(answer.status).toBe(201);
  return encodeURIComponent(answer.body.id);
}
const view = async (id: string) => (await api.get(`/tasks/${id}`)).body;
const becomes = (id: string, status: string) =>
  waitUntil(
    async () => {
      const task = await view(id);
      return task.status === status ? task : false;
    },
    { what: `${id} to be ${status}`, timeoutMs: 180_000 },
  );

/** For what must not happen: long enough for several looks at the host, and for the board. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 5_000));

describe('a host', () => {
  it('shows what it is like, and that costs no history while nothing changes', async () => {
    await serve();
    const seen = await until(
      'the host to be known',
      ({ reachable, templates, last_probe_at }) => reachable && templates.shell && last_probe_at,
    );
    expect(seen).toMatchObject({
      presence: 'online',
      failure: null,
      missing: [],
      os: expect.stringContaining('Linux'),
      slots: 2,
      running: 0,
      cordoned: false,
      admission: 'open',
      templates: {
        shell: { available: true, reason: null },
        'codex-cli': { available: false, reason: 'codex is not on the PATH of the host' },
      },
    });
    expect(seen.free_disk_bytes).toBeGreaterThan(1_000_000);
    expect(Date.now() - Date.parse(seen.last_probe_at)).toBeLessThan(5_000);

    const handle = space.client.workflow.getHandle(holderWorkflowId('host:box'));
    const before = (await handle.describe()).historyLength;
    await until(
      'three looks',
      ({ last_probe_at }) => Date.parse(last_probe_at) > Date.parse(seen.last_probe_at) + 6_000,
    );
    expect((await handle.describe()).historyLength).toBe(before);
  });

  it('is offline while it cannot be reached, with the reason, and online again when it can', async () => {
    const gone = await serveAndFall();
    expect(gone).toMatchObject({ presence: 'offline', failure: { code: 'connection_refused' } });
    expect(gone.failure.message).toContain('check');
    await rise();
    expect(await until('the host to be back', ({ reachable }) => reachable)).toMatchObject({ failure: null });
  });

  it('is offline when the network is frozen, and when nobody serves it', async () => {
    const role = await serve();
    await until('the host to be online', ({ reachable }) => reachable, 'far');
    proxy.freeze();
    await until('the host to be offline', ({ reachable }) => !reachable, 'far');
    await until('the other to be online', ({ reachable }) => reachable);
    proxy.thaw();
    await until('the host to be back', ({ reachable }) => reachable, 'far');
    await role.stop();
    await until('the host to be offline', ({ reachable }) => !reachable, 'far');
  });
});

describe('a task for a host that cannot be reached', () => {
  it('that is undecided stays so, is pulled by an agent, and costs nothing', async () => {
    await serveAndFall();
    const id = await create();
    await aWhile();
    expect(await view(id)).toMatchObject({ status: 'created', execution_mode: 'undecided', retry_count: 0 });
    const token = await api.tokenFor('puller');
    const pulled = await api.post(
      '/tasks/dequeue',
      { agent_id: 'puller', capabilities: ['agent:code'], wait_ms: 30_000 },
      { token },
    );
    expect(pulled).toMatchObject({ status: 200, body: { task: { id: decodeURIComponent(id) } } });
    await api.post(`/tasks/${id}/cancel`);
  });

  it.each([
    ['of mode ssh_cli', { execution_mode: 'ssh_cli' }, false],
    ['that is assigned to it', {}, true],
  ])('%s fails with the reason when its retries are used up', async (_, fields, assigned) => {
    await serveAndFall();
    const id = await create({ max_retries: 1, ...fields });
    if (assigned) expect((await api.post(`/tasks/${id}/assign`, { agent_id: 'box' })).status).toBe(200);
    const task = await becomes(id, 'failed');
    expect(task).toMatchObject({ retry_count: 1, reason: { code: 'connection_refused' } });
    expect(workedOn(task)).toHaveLength(2);
  });
});

describe('a template', () => {
  it('is waited for until the host has its program and is logged in', async () => {
    await serve();
    await until('the host to be online', ({ reachable }) => reachable);
    const id = await create({ template: 'codex-cli', body: 'hello' });
    await aWhile();
    expect(await view(id)).toMatchObject({ status: 'created', execution_mode: 'undecided' });

    const codex =
      '#!/bin/sh\ncase $1 in --version) echo codex-cli 9.9 ;; login) echo Not logged in; exit 1 ;; *) cat ;; esac\n';
    writeFileSync(join(root, 'bin', 'codex'), codex, { mode: 0o755 });
    const out = await until('codex to be seen', ({ templates }) => templates['codex-cli'].version !== null);
    expect(out.templates['codex-cli']).toEqual({
      available: false,
      version: 'codex-cli 9.9',
      reason: 'codex is not logged in',
    });
    expect(await view(id)).toMatchObject({ status: 'created' });

    writeFileSync(join(root, 'codex', 'auth.json'), '{}');
    const task = await becomes(id, 'completed');
    expect(task).toMatchObject({
      assigned_host: 'box',
      receipt: { summary: expect.stringContaining('\nhello\n') },
    });
    await until('codex to be shown as available', ({ templates }) => templates['codex-cli'].available);
  });

  it('gets its secrets, and nothing of Signalbox does', async () => {
    await serve();
    const id = await create({ template: 'whoami', body: 'x' });
    const task = await becomes(id, 'completed');
    // The agent printed it: that is its own doing, and shows that it had it.
    expect(task.receipt.summary).toBe(SECRET);
    const failing = await create({ body: 'test -n "$KEY"' });
    await becomes(failing, 'completed');
    const histories = [];
    for (const workflowId of [`task/${decodeURIComponent(failing)}`, 'host/box']) {
      histories.push(await space.client.workflow.getHandle(workflowId).fetchHistory());
    }
    const kept = histories.map((history) => Buffer.from(JSON.stringify(history)).toString());
    for (const text of [...kept, log]) expect(text).not.toContain(SECRET);
    expect(JSON.stringify((await api.get('/hosts')).body)).not.toContain(SECRET);
  });
});

describe('admission', () => {
  it('keeps a cordoned host from new work, over a restart, until it is uncordoned', async () => {
    const role = await serve();
    await until('the host to be online', ({ reachable }) => reachable);
    expect((await api.post('/hosts/box/cordon', { reason: 'upgrade' })).body).toMatchObject({
      id: 'box',
      cordoned: true,
      admission: 'cordoned',
    });
    await until('the cordon', ({ cordoned }) => cordoned);
    await role.stop();
    await serve();
    await until('the host to be online', ({ reachable }) => reachable);
    const id = await create();
    const explicit = await create({ execution_mode: 'ssh_cli' });
    await aWhile();
    for (const one of [id, explicit])
      expect(await view(one)).toMatchObject({ status: 'created', retry_count: 0 });
    expect((await api.post('/hosts/box/uncordon')).body).toMatchObject({
      cordoned: false,
      admission: 'open',
    });
    await becomes(id, 'completed');
    await becomes(explicit, 'completed');
  });

  it('lets a host run empty, and says when it is', async () => {
    await serve();
    const go = join(root, 'go');
    const id = await create({ body: `while [ ! -e ${go} ]; do sleep 0.1; done` });
    await becomes(id, 'running');
    await until('the run to be counted', ({ running }) => running === 1);
    expect((await api.post('/hosts/box/drain')).body).toMatchObject({
      cordoned: true,
      admission: 'draining',
    });
    await until('the order', ({ admission }) => admission === 'draining');
    await servedAsItIs();
    const waiting = await create();
    await aWhile();
    expect(await view(waiting)).toMatchObject({ status: 'created' });
    expect(await host()).toMatchObject({ admission: 'draining', running: 1 });
    writeFileSync(go, '');
    await becomes(id, 'completed');
    const drained = await until('the host to be drained', ({ admission }) => admission === 'drained');
    expect(drained).toMatchObject({ running: 0, cordoned: true, holds: [] });
    await api.post('/hosts/box/uncordon');
    await becomes(waiting, 'completed');
  });

  it('is ordered by staff, for hosts that there are', async () => {
    expect((await api.post('/hosts/nobody/cordon')).status).toBe(404);
    const agent = await api.tokenFor('an-agent');
    expect((await api.post('/hosts/box/cordon', undefined, { token: agent })).status).toBe(403);
    const tenant = await api.tokenFor('ada', { role: 'coordinator', product: 'p' });
    expect((await api.post('/hosts/box/cordon', undefined, { token: tenant })).body.code).toBe(
      'wrong_product',
    );
    expect((await api.post('/hosts/box/cordon', { unknown: 1 })).status).toBe(400);
  });
});

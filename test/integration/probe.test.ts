/** What is seen of a host: this machine, with programs of the test's own. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Host, type HostDeps } from '../../activities/ssh/host';
import { LocalTransport } from '../../activities/ssh/local-transport';
import { probeHost } from '../../activities/ssh/probe';
import { CliProbe } from '../../activities/ssh/probe-clis';
import type { Transport } from '../../activities/ssh/transport';
import { type LocalHostOptions, localHost, PROMPTS } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let root: string;
let bin: string;
let home: string;
let transport: Transport;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-probe-'));
  bin = join(root, 'bin');
  home = join(root, 'home');
  mkdirSync(bin);
  mkdirSync(home);
});
afterEach(async () => {
  await transport?.close();
  chmodSync(root, 0o755);
  rmSync(root, { recursive: true, force: true });
});

function hostWith(
  deps: Partial<Pick<HostDeps, 'templates' | 'values'>> = {},
  env: Record<string, string> = {},
  path = `${bin}:/usr/bin:/bin`,
): Host {
  transport = new LocalTransport({ env: { PATH: path, HOME: home, ...env } });
  return new Host({
    hostId: 'probed',
    host: { slots: 3, run_root: join(root, 'runs'), work_root: join(root, 'work') },
    templates: {},
    default_template: 'shell',
    prompts: PROMPTS,
    transport,
    blobs: null as never,
    logger: { info: () => undefined, warn: () => undefined },
    ...deps,
  });
}

/** A program in the search path; each start of it is counted. */
function program(name: string, script: string) {
  const calls = join(root, `${name}.calls`);
  writeFileSync(join(bin, name), `#!/bin/sh\necho "$*" >> '${calls}'\n${script}\n`, { mode: 0o755 });
  return calls;
}

describe('a look at a host', () => {
  it('tells system, room and free disk', async () => {
    const seen = await probeHost(hostWith());
    expect(seen).toMatchObject({ os: expect.stringContaining('Linux'), missing: [], running: 0 });
    expect(seen.free_disk_bytes).toBeGreaterThan(1_000_000);
    expect(Date.now() - seen.at).toBeLessThan(5_000);
  });

  it('tells what the launcher needs and the host lacks', async () => {
    for (const tool of ['sh', 'mkdir', 'sed', 'cat', 'tr', 'uname', 'sleep'])
      symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
    const seen = await probeHost(hostWith({}, {}, bin));
    expect(seen.missing).toEqual(expect.arrayContaining(['awk', 'grep', 'ln', 'setsid']));
    expect(seen.missing).not.toContain('mkdir');
  });

  it('counts runs, by whomever they were started', async () => {
    const options: LocalHostOptions = { slots: 3 };
    const local = localHost(options);
    try {
      const host = new Host({ ...hostWith().deps, host: { slots: 3, run_root: join(local.root, 'runs') } });
      const request = local.request({ script: 'while [ ! -e go ]; do sleep 0.05; done' });
      const started = await local.activities.startRun(request);
      expect((await probeHost(host)).running).toBe(1);
      writeFileSync(join(started.work_dir, 'go'), '');
      await local.follow(request, started).outcome;
      expect((await probeHost(host)).running).toBe(0);
    } finally {
      await local.close();
    }
  });

  it('rejects when the host does not answer', async () => {
    const host = hostWith();
    await transport.close();
    await expect(probeHost(host)).rejects.toMatchObject({ type: expect.any(String) });
  });
});

describe('the programs of the templates', () => {
  it('are there or not, with their version, which is asked for once', async () => {
    const calls = program('codex', 'echo "warning: Node 18.2 is old" >&2; echo codex-cli 1.2.3');
    mkdirSync(join(home, '.codex'));
    writeFileSync(join(home, '.codex', 'auth.json'), '{}');
    const probe = new CliProbe(hostWith());
    expect(await probe.look()).toMatchObject({
      shell: { available: true, version: null, reason: null },
      'codex-cli': { available: true, version: null },
      'claude-code': { available: false, reason: 'claude is not on the PATH of the host' },
    });
    expect(await probe.look()).toMatchObject({
      'codex-cli': { available: true, version: 'codex-cli 1.2.3' },
    });
    await probe.look();
    expect(callsOf(calls)).toEqual(['--version']);
  });

  it('are seen to come, to break and to go', async () => {
    const template = { argv: ['agent'], version: 'agent --version' };
    const probe = new CliProbe(hostWith({ templates: { own: template } }));
    expect((await probe.look()).own).toMatchObject({ available: false });
    program('agent', 'exit 3');
    await probe.look();
    expect((await new CliProbe(hostWith({ templates: { own: template } })).look()).own).toMatchObject({
      available: true,
    });
    const broken = new CliProbe(hostWith({ templates: { own: template } }));
    await broken.look();
    expect((await broken.look()).own).toEqual({
      available: false,
      version: null,
      reason: 'agent --version ended with exit code 3: no output',
    });
    expect((await broken.look()).own).toMatchObject({ available: false });
    rmSync(join(bin, 'agent'));
    expect((await broken.look()).own).toMatchObject({ reason: 'agent is not on the PATH of the host' });
  });

  it('are logged in by a variable, by a file, or because they say so', async () => {
    const calls = program('claude', `[ "$1" = auth ] && echo '{ "loggedIn": false }' && exit 1; echo 2.1.0`);
    const probe = new CliProbe(hostWith());
    expect((await probe.look())['claude-code']).toMatchObject({
      available: false,
      reason: 'not looked at yet',
    });
    expect((await probe.look())['claude-code']).toMatchObject({
      available: false,
      version: '2.1.0',
      reason: 'claude is not logged in',
    });
    await probe.look();
    expect(callsOf(calls)).toEqual(['--version', 'auth status --json']);

    mkdirSync(join(home, '.claude'));
    const credentials = join(home, '.claude', '.credentials.json');
    writeFileSync(credentials, '{}');
    expect((await probe.look())['claude-code']).toMatchObject({ available: true });
    rmSync(credentials);
    expect((await probe.look())['claude-code']).toMatchObject({ available: false });

    const withKey = { 'claude-code': { env: { ANTHROPIC_API_KEY: { from_env: 'KEY' } } } };
    const values = { home, variable: () => 'secret' };
    const keyed = new CliProbe(hostWith({ templates: withKey, values }));
    expect((await keyed.look())['claude-code']).toMatchObject({ available: true });
    const unkeyed = new CliProbe(hostWith({ templates: withKey }));
    expect((await unkeyed.look())['claude-code']).toEqual({
      available: false,
      version: null,
      reason: 'ANTHROPIC_API_KEY: the host worker has no environment variable KEY',
    });
  });

  it('that cannot say whether they are logged in are taken', async () => {
    program('claude', `[ "$1" = auth ] && echo 'error: unknown command' && exit 1; echo 2.1.0`);
    const probe = new CliProbe(hostWith());
    await probe.look();
    expect((await probe.look())['claude-code']).toMatchObject({ available: true });
  });

  it('of the config file are asked as it says', async () => {
    program('agent', `[ "$1" = whoami ] && exec test -e '${join(root, 'in')}'; echo "v $KEY 7"`);
    const template = {
      argv: ['agent'],
      version: 'agent --version',
      login: 'agent whoami',
      env: { KEY: 'k' },
    };
    const out = new CliProbe(hostWith({ templates: { own: template } }));
    await out.look();
    expect((await out.look()).own).toMatchObject({
      available: false,
      version: 'v k 7',
      reason: 'agent is not logged in',
    });
    writeFileSync(join(root, 'in'), '');
    const logged = new CliProbe(hostWith({ templates: { own: template } }));
    await logged.look();
    expect((await logged.look()).own).toMatchObject({ available: true });
  });

  it('that hang are ended, with what they started', async () => {
    const pid = join(root, 'pid');
    program('agent', `sleep 300 & echo $! > '${pid}'; wait`);
    const probe = new CliProbe(hostWith({ templates: { own: { argv: ['agent'], version: 'agent -v' } } }));
    await probe.look();
    expect((await probe.look()).own).toMatchObject({ available: true, version: null });
    const number = Number(readFileSync(pid, 'utf8'));
    await waitUntil(() => !isAlive(number), { what: 'the end of the sleep' });
  });

  it('are looked for without telling a secret to those who list processes', async () => {
    const seen = join(root, 'seen');
    program('agent', `cat /proc/[0-9]*/cmdline 2>/dev/null > '${seen}'; echo "7 $KEY"`);
    const env = { KEY: { from_env: 'K' } };
    const values = { home, variable: () => `s3ntinel'$(touch ${root}/OWNED)` };
    const host = hostWith({ templates: { own: { argv: ['agent'], version: 'agent -v', env } }, values });
    const probe = new CliProbe(host);
    await probe.look();
    expect((await probe.look()).own?.version).toBe(`7 s3ntinel'$(touch ${root}/OWNED)`);
    expect(readFileSync(seen, 'latin1')).not.toContain('s3ntinel');
    expect(readFileSync(seen, 'latin1')).toContain('eval');
    expect(existsSync(join(root, 'OWNED'))).toBe(false);
  });
});

function callsOf(file: string): string[] {
  return readFileSync(file, 'utf8').trim().split('\n');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A real sshd on 127.0.0.1 with keys of its own, run by the user of the tests. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fingerprint, knownHostsLine } from '../../activities/ssh/remote/host-key';
import type { SshHop, SshTarget } from '../../activities/ssh/remote/target';
import { freePort } from '../../workers/temporal/free-port';
import { RUN_MARK } from './leaks';
import { waitUntil } from './wait-until';

const SSHD = '/usr/sbin/sshd';
const STARTS_IN_MS = 60_000;

export interface SshdOptions {
  /** Lines of sshd_config. */
  config?: string[];
  /** Types of its keys, as ssh-keygen takes them. */
  hostKeys?: string[];
}

export interface HostKeyFile {
  type: string;
  file: string;
  /** As it goes over the wire. */
  blob: Buffer;
  fingerprint: string;
}

export interface Sshd {
  directory: string;
  port: number;
  user: string;
  hostKeys: HostKeyFile[];
  /** A private key that it lets in. */
  identity: string;
  /** A known_hosts file with its keys. */
  knownHosts: string;
  /** The target that reaches it, with these changes. */
  target(changes?: Partial<SshTarget>): SshTarget;
  start(): Promise<void>;
  /** kill -9 of the server and of every connection that it serves; what runs on the host goes on. */
  kill9(): Promise<void>;
  /** What it has logged. */
  log(): string;
  /** Its processes for connections. */
  connections(): number[];
  stop(): Promise<void>;
}

export async function startSshd({
  config = [],
  hostKeys: types = ['ed25519'],
}: SshdOptions = {}): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-sshd-'));
  chmodSync(directory, 0o755);
  const { username: user, uid } = userInfo();
  // Where the package alone makes it when its service starts.
  if (uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const hostKeys = types.map((type) => makeKey(directory, type));
  const identity = newIdentity(directory, 'identity');
  copyFileSync(`${identity}.pub`, join(directory, 'authorized_keys'));
  const port = await freePort();
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(
    knownHosts,
    hostKeys.map(({ blob }) => `${knownHostsLine('127.0.0.1', port, blob)}\n`).join(''),
  );
  const mark = process.env[RUN_MARK];
  writeFileSync(
    join(directory, 'sshd_config'),
    [
      // The first value of a setting counts.
      ...config,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...hostKeys.map(({ file }) => `HostKey ${file}`),
      `PidFile ${join(directory, 'pid')}`,
      `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'PrintMotd no',
      'MaxStartups 100',
      // So that what runs leave behind is found.
      ...(mark === undefined ? [] : [`SetEnv ${RUN_MARK}=${mark}`]),
    ].join('\n'),
  );
  let child: ChildProcess | null = null;
  let log = '';

  const hop: SshHop = {
    address: '127.0.0.1',
    port,
    user,
    credentials: { identity_files: [identity], identity_named: true, agent: null, password: null },
    hostKey: { file: knownHosts },
  };

  async function start(): Promise<void> {
    const started = spawn(SSHD, ['-D', '-e', '-f', join(directory, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr.on('data', (chunk) => {
      log += chunk;
    });
    await waitUntil(() => listens(port), {
      timeoutMs: STARTS_IN_MS,
      what: `sshd to listen; it said:\n${log}`,
    });
  }

  async function kill9(): Promise<void> {
    const pid = child?.pid;
    if (pid === undefined || child === null) return;
    const ended = child.exitCode === null && new Promise((resolve) => child?.once('close', resolve));
    // The server first, or it would serve another connection meanwhile.
    const all = [pid, ...sshdBelow(pid)];
    for (const one of all) kill(one);
    await ended;
    await waitUntil(() => all.every((one) => comm(one) !== 'sshd'), { what: 'sshd to be gone' });
    child = null;
  }

  await start();
  return {
    directory,
    port,
    user,
    hostKeys,
    identity,
    knownHosts,
    target: (changes) => ({
      ...hop,
      jump: null,
      connect_timeout_ms: 10_000,
      keepalive_ms: 15_000,
      ...changes,
    }),
    start,
    kill9,
    log: () => log,
    connections: () => (child?.pid === undefined ? [] : sshdBelow(child.pid)),
    async stop() {
      await kill9();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A private key in a file; its public half beside it. */
export function newIdentity(directory: string, name: string, passphrase = ''): string {
  const file = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', '-f', file]);
  return file;
}

export function makeKey(directory: string, type: string, name = `host_${type}`): HostKeyFile {
  const file = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file]);
  const [keyType = '', encoded = ''] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  const blob = Buffer.from(encoded, 'base64');
  return { type: keyType, file, blob, fingerprint: fingerprint(blob) };
}

/** The name of a process; empty when it has ended, also where nobody has taken note of that yet. */
const comm = (pid: number): string => {
  try {
    const [, name = '', state] = /\((.*)\) (.)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return state === 'Z' ? '' : name;
  } catch {
    return '';
  }
};

const parentOf = (pid: number): number => {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    );
  } catch {
    return 0;
  }
};

/** The processes of sshd itself below this one; not what they run. */
function sshdBelow(pid: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const found = [pid];
  for (const parent of found) {
    found.push(
      ...all.filter((one) => parentOf(one) === parent && /^sshd/.test(comm(one)) && !found.includes(one)),
    );
  }
  return found.slice(1);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already over.
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

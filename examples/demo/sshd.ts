/** A real sshd on 127.0.0.1 with keys of its own, run by the user of the demo and of the bench. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './system';

export interface Sshd {
  port: number;
  user: string;
  /** A private key that it lets in. */
  identity: string;
  /** A known_hosts file with its key. */
  knownHosts: string;
  stop(): Promise<void>;
}

const STARTS_IN_MS = 10_000;

/** Where packages put it is often not on the PATH. */
const SERVER_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/**
 * Starts it with all its files in `directory`.
 * @param settings lines of sshd_config
 * @returns why there is none, where this machine has none or it does not let this user in
 */
export async function startSshd(directory: string, settings: string[] = []): Promise<Sshd | string> {
  try {
    return await start(directory, settings);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function start(directory: string, settings: string[]): Promise<Sshd | string> {
  const program = find('sshd', SERVER_DIRECTORIES);
  if (program === null) return 'there is no sshd here (package openssh-server)';
  if (find('ssh-keygen') === null || find('ssh') === null) return 'ssh and ssh-keygen are not here';
  const { username: user, uid } = userInfo();
  mkdirSync(directory, { mode: 0o700 });
  // Wanted of root alone; the service of the package makes it when it starts.
  if (uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const hostKey = makeKey(directory, 'host_key');
  const identity = makeKey(directory, 'identity');
  copyFileSync(`${identity}.pub`, join(directory, 'authorized_keys'));
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(`${hostKey}.pub`, 'utf8')}`);
  const config = join(directory, 'sshd_config');
  writeFileSync(
    config,
    [
      ...settings,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `PidFile ${join(directory, 'pid')}`,
      `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      // The directory of keys is a temporary one, and /tmp belongs to all.
      'StrictModes no',
      'PrintMotd no',
      '',
    ].join('\n'),
  );
  const checked = spawnSync(program, ['-t', '-f', config], { encoding: 'utf8' });
  if (checked.status !== 0) return `sshd does not start: ${lastLine(checked.stderr)}`;
  const child = spawn(program, ['-D', '-e', '-f', config], { stdio: 'ignore' });
  const sshd = { port, user, identity, knownHosts, stop: () => stop(child) };
  const refusal = await letsIn(sshd);
  if (refusal === null) return sshd;
  await sshd.stop();
  return `${user} cannot log in over SSH here: ${refusal}`;
}

/** As an ordinary ssh sees it; null when it does. */
async function letsIn({ port, user, identity, knownHosts }: Sshd): Promise<string | null> {
  const options = [
    '-F none',
    `-p ${port}`,
    '-o BatchMode=yes',
    '-o IdentitiesOnly=yes',
    '-o StrictHostKeyChecking=yes',
    '-o ConnectTimeout=5',
  ].flatMap((option) => option.split(' '));
  const files = ['-i', identity, '-o', `UserKnownHostsFile="${knownHosts}"`];
  const deadline = Date.now() + STARTS_IN_MS;
  for (;;) {
    const { status, stderr } = spawnSync('ssh', [...options, ...files, `${user}@127.0.0.1`, 'true'], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status === 0) return null;
    const listens = !/refused/i.test(stderr);
    if (listens || Date.now() > deadline) return lastLine(stderr);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function makeKey(directory: string, name: string): string {
  const file = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'demo', '-f', file]);
  return file;
}

function find(program: string, more: string[] = []): string | null {
  const directories = [...more, ...(process.env.PATH ?? '').split(delimiter)].filter((path) => path !== '');
  return directories.map((directory) => join(directory, program)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

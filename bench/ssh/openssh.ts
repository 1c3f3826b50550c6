/** The `ssh` of OpenSSH as people use it: a new connection each time, or one over a ControlMaster. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Sshd } from '../../examples/demo/sshd';
import { until } from '../until';

const run = promisify(execFile);
const MASTER_MS = 10_000;

const optionsOf = ({ port, identity, knownHosts }: Sshd) => [
  ...['-F', 'none', '-p', String(port), '-i', identity, '-o', `UserKnownHostsFile="${knownHosts}"`],
  ...['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes'].flatMap((one) => ['-o', one]),
];

/** Runs a command on the host; gives what it printed. */
export type Ssh = (command: string) => Promise<string>;

const sshWith =
  (sshd: Sshd, options: string[]): Ssh =>
  async (command) =>
    (await run('ssh', [...optionsOf(sshd), ...options, `${sshd.user}@127.0.0.1`, command])).stdout;

/** A connection for each command. */
export const coldSsh = (sshd: Sshd): Ssh => sshWith(sshd, ['-o', 'ControlPath=none']);

/** One connection for all commands, held by a master in the background until `close`. */
export async function masteredSsh(
  sshd: Sshd,
  directory: string,
): Promise<{ ssh: Ssh; close(): Promise<void> }> {
  const socket = join(directory, 'control');
  const path = ['-o', `ControlPath="${socket}"`];
  const master = spawn('ssh', [...optionsOf(sshd), ...path, '-M', '-N', `${sshd.user}@127.0.0.1`], {
    stdio: 'ignore',
  });
  const over = new Promise<void>((resolve) => master.once('close', () => resolve()));
  const close = async () => {
    master.kill();
    await over;
  };
  try {
    await until('the ControlMaster listens', MASTER_MS, () => existsSync(socket));
  } catch (error) {
    await close();
    throw error;
  }
  return { ssh: sshWith(sshd, [...path, '-o', 'ControlMaster=no']), close };
}

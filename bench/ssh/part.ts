/** All that is measured over SSH, where an sshd is on this machine. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Sshd, startSshd } from '../../examples/demo/sshd';
import { measureFleet } from './fleet';
import type { Fleet } from './fleet-figures';
import { type Latency, measureLatency } from './latency';

export interface SshFigures {
  /** Where the login shell of this user does at its start what it always does. */
  asLoggedIn: Latency;
  /** Where there are no dotfiles: nothing but the ways to start something is compared. */
  bare: Latency;
  /** null where it failed; why was said. */
  fleet: Fleet | null;
}

/** One connection for each host may come at the same moment: by default some of more than ten are turned away. */
const MANY = 'MaxStartups 100';

/** @returns why it is left out, where it is */
export async function measureSsh(
  directory: string,
  onLine: (line: string) => void,
): Promise<SshFigures | string> {
  if (process.platform !== 'linux') return 'it reads /proc, which only Linux has';
  const asLoggedIn = await withSshd(join(directory, 'as-logged-in'), [], measureLatency);
  if (typeof asLoggedIn === 'string') return asLoggedIn;
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  return withSshd(join(directory, 'bare'), [MANY, `SetEnv HOME="${home}"`], async (sshd, below) => {
    const bare = await measureLatency(sshd, below);
    const fleet = await measureFleet(sshd, below, onLine).catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
      return null;
    });
    return { asLoggedIn, bare, fleet };
  });
}

async function withSshd<T>(
  directory: string,
  settings: string[],
  measure: (sshd: Sshd, directory: string) => Promise<T>,
): Promise<T | string> {
  mkdirSync(directory, { recursive: true });
  const sshd = await startSshd(join(directory, 'sshd'), settings);
  if (typeof sshd === 'string') return sshd;
  try {
    return await measure(sshd, directory);
  } finally {
    await sshd.stop();
  }
}

/** All that is measured over SSH, where an sshd is on this machine. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startSshd } from '../../examples/demo/sshd';
import { measureFleet } from './fleet';
import type { Fleet } from './fleet-figures';
import { type Latency, measureLatency } from './latency';

export interface SshFigures {
  latency: Latency;
  /** null where it failed; why was said. */
  fleet: Fleet | null;
}

/**
 * One connection for each host may come at the same moment: by default some of more than ten are turned away.
 * And an empty home, or what is measured is what the dotfiles of this user do.
 */
const settings = (home: string) => ['MaxStartups 100', `SetEnv HOME="${home}"`];

/** @returns why it is left out, where it is */
export async function measureSsh(
  directory: string,
  onLine: (line: string) => void,
): Promise<SshFigures | string> {
  if (process.platform !== 'linux') return 'it reads /proc, which only Linux has';
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const sshd = await startSshd(join(directory, 'sshd'), settings(home));
  if (typeof sshd === 'string') return sshd;
  try {
    const latency = await measureLatency(sshd, directory);
    const fleet = await measureFleet(sshd, directory, onLine).catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
      return null;
    });
    return { latency, fleet };
  } finally {
    await sshd.stop();
  }
}

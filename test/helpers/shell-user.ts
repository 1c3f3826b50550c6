import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface ShellUser {
  name: string;
  home: string;
  /** Writes a file below the home directory, owned by the user. */
  write(path: string, text: string): void;
  /** A new directory that belongs to the user, and that others can read. */
  directory(): string;
  remove(): void;
}

export const LOGIN_SHELLS = ['bash', 'dash', 'fish', 'tcsh'] as const;

const pathOf = (shell: string) => ['/bin', '/usr/bin'].map((dir) => join(dir, shell)).find(existsSync);

/** A user of this machine whose login shell it is. Needs root, and the shell. */
export function makeShellUser(shell: string): ShellUser {
  const path = pathOf(shell);
  if (path === undefined) throw new Error(`the login shell ${shell} is to be tested, and is not installed`);
  const name = `sbx-${shell}-${process.pid}`;
  const home = mkdtempSync(join(tmpdir(), 'signalbox-home-'));
  // `*` has no password, but unlike the default the account is not locked.
  execFileSync('useradd', ['-M', '-d', home, '-s', path, '-p', '*', name]);
  const own = (path: string) => execFileSync('chown', ['-R', `${name}:`, path]);
  execFileSync('chmod', ['755', home]);
  own(home);
  return {
    name,
    home,
    write(path, text) {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      own(home);
    },
    directory() {
      const directory = mkdtempSync(join(home, 'dir-'));
      execFileSync('chmod', ['755', directory]);
      own(directory);
      return directory;
    },
    remove() {
      execFileSync('userdel', ['-f', name], { stdio: 'ignore' });
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

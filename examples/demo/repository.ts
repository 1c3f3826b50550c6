import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const git = (directory: string, ...args: string[]) =>
  execFileSync('git', ['-C', directory, ...args], { encoding: 'utf8' }).trim();

/** A throwaway repository with one commit on `main`. */
export function makeRepository(directory: string): string {
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', directory]);
  git(directory, 'config', 'user.name', 'Demo');
  git(directory, 'config', 'user.email', 'demo@example.invalid');
  writeFileSync(join(directory, 'greeting.txt'), 'hello\n');
  git(directory, 'add', '.');
  git(directory, 'commit', '--quiet', '-m', 'Begin');
  return directory;
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './local-host';

/** An origin with one commit on `main`, below a directory. */
export function bareRepository(directory: string, name = 'origin') {
  const path = join(directory, `${name}.git`);
  const seed = join(directory, `${name}-seed`);
  mkdirSync(seed, { recursive: true });
  git(directory, 'init', '-q', '--bare', '-b', 'main', path);
  git(seed, 'init', '-q', '-b', 'main');
  writeFileSync(join(seed, 'README'), 'first\n');
  git(seed, 'add', '-A');
  git(seed, 'commit', '-q', '-m', 'first');
  git(seed, 'push', '-q', path, 'main');
  return {
    path,
    branches: () => git(path, 'branch', '--format=%(refname:short)').split('\n').filter(Boolean),
    /** Content of a file on a branch or in a commit. */
    show: (ref: string, file: string) => git(path, 'show', `${ref}:${file}`),
  };
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './local-host';

/** A bare repository that stands for a forge, with one commit on `trunk`; a clone of it is in `<root>/seed`. */
export function gitOrigin(root: string): string {
  const origin = join(root, 'origin.git');
  const seed = join(root, 'seed');
  git(root, 'init', '-q', '--bare', '-b', 'trunk', origin);
  git(root, 'clone', '-q', origin, seed);
  git(seed, 'checkout', '-q', '-b', 'trunk');
  writeFileSync(join(seed, 'README'), 'hello\n');
  git(seed, 'add', '.');
  git(seed, 'commit', '-q', '-m', 'first');
  git(seed, 'push', '-q', 'origin', 'trunk');
  return origin;
}

/** A line of sh that commits one file. */
export const commit = (file: string, text = 'x'): string =>
  `echo '${text}' > '${file}' && git add . && git commit -q -m 'add ${file}'`;

export const tipOf = (origin: string, branch: string): string =>
  git(origin, 'rev-parse', `refs/heads/${branch}`);

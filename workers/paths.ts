import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json, from the sources as well as from dist/. */
export function packageRoot(from = __dirname): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('package.json was not found above the program');
  return packageRoot(parent);
}

/** Made by `npm run build` and by every set-up. */
export const workflowBundlePath = () => join(packageRoot(), 'dist', 'workflow-bundle.js');

import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first command of this name in the folders of a search path; null when there is none. */
export function findOnPath(name: string, searchPath: readonly string[]): string | null {
  return searchPath.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

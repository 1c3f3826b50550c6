import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedTemplate } from '../activities/agent-cli/templates';

export interface Machine {
  platform: string;
  /** Is there a program of this name, or at this path? */
  has(program: string): boolean;
}

/** Looked for beside the programs of the templates. */
const TOOLS = ['git', 'node', 'npm', 'python3', 'docker', 'make', 'go', 'cargo', 'java'];
/** Everybody has one, so it says nothing. */
const PLAIN = new Set(['sh', 'env']);

/** Labels for what a machine has: `os:linux`, `cli:codex`, `tool:git`. `agent:*` is for people to give. */
export function detectCapabilities(templates: Iterable<ResolvedTemplate>, machine: Machine): string[] {
  const found = new Set([`os:${machine.platform}`]);
  for (const { program } of templates) {
    const name = program.replace(/^.*\//, '');
    if (!PLAIN.has(name) && machine.has(program)) found.add(`cli:${name}`);
  }
  for (const tool of TOOLS) if (machine.has(tool)) found.add(`tool:${tool}`);
  return [...found].filter((label) => LABEL.test(label));
}

/** A subset of what contracts/ids.ts takes. */
const LABEL = /^[a-z]+:[A-Za-z0-9][A-Za-z0-9._+-]{0,90}$/;

/** @param searchPath as in PATH, in parts */
export const thisMachine = (searchPath: readonly string[], platform: string): Machine => ({
  platform,
  has: (program) =>
    program.includes('/')
      ? executable(program)
      : searchPath.some((folder) => executable(join(folder, program))),
});

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Who may import whom (docs/architecture.md). Type-only imports are free of effects, but still have a direction. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(__dirname, '..', '..');
const PURE_WORKFLOWS = /^workflows\/(rules\/|messages|names|search-attributes|[a-z]+\/([a-z]+-)?types$)/;

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

/** What a folder may import from the project besides itself. */
const RULES: Record<string, (i: Import) => boolean> = {
  contracts: () => false,
  workflows: ({ target, typeOnly }) => target.startsWith('contracts/') && typeOnly,
  activities: ({ target }) => target.startsWith('contracts/') || PURE_WORKFLOWS.test(target),
  dispatch: ({ target }) => target.startsWith('contracts/') || PURE_WORKFLOWS.test(target),
  api: ({ target, typeOnly }) =>
    /^(contracts|dispatch)\//.test(target) ||
    PURE_WORKFLOWS.test(target) ||
    (target.startsWith('workers/') && typeOnly),
  agent: ({ target }) =>
    /^(contracts|activities\/(agent-cli|prompt|ssh|workspace|blobs))\//.test(target) ||
    target === 'workers/lock-file',
  workers: ({ target }) => !/^(agent|cli|test|bench|examples)\//.test(target),
  cli: ({ target }) => !/^(test|bench|examples)\//.test(target),
  examples: ({ target, typeOnly }) => target.startsWith('contracts/') && typeOnly,
};

const files = Object.keys(RULES).flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'/gms);
  return [...found].map(([, type, path]) => ({
    file,
    target: normalize(join(dirname(file), path ?? '')),
    typeOnly: type !== undefined,
  }));
}

const imports = files.flatMap(importsOf);
const packagesOf = (file: string) =>
  [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(
      /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^.'][^']*)'/gms,
    ),
  ].map(([, type, name]) => ({ name: name ?? '', typeOnly: type !== undefined }));

describe('imports', () => {
  it('are found at all', () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it.each(Object.entries(RULES))('of %s go only where they may', (folder, allowed) => {
    const wrong = imports
      .filter((i) => i.file.startsWith(`${folder}/`) && !i.target.startsWith(`${folder}/`) && !allowed(i))
      .map((i) => `${i.file} imports ${relative('.', i.target)}`);
    expect(wrong).toEqual([]);
  });

  it('of rules name no package: they are pure', () => {
    const wrong = files
      .filter((file) => file.startsWith('workflows/rules/'))
      .flatMap((file) => packagesOf(file).map(({ name }) => `${file} imports ${name}`));
    expect(wrong).toEqual([]);
  });

  it('of workflows name no package but those of Temporal that are safe in the sandbox', () => {
    const wrong = files
      .filter((file) => file.startsWith('workflows/'))
      .flatMap((file) => packagesOf(file).map(({ name }) => ({ file, name })))
      .filter(({ name }) => name !== '@temporalio/workflow' && name !== '@temporalio/common');
    expect(wrong).toEqual([]);
  });
});

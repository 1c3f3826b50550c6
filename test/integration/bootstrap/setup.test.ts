import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../helpers/command';

const ROOT = resolve(__dirname, '..', '..', '..');

/** On a small project with the real script, compiler and bundler; a script stands in for npm. */
describe('set-up', () => {
  let project: string;
  const at = (...parts: string[]) => join(project, ...parts);
  const npmCalls = () =>
    existsSync(at('npm.log')) ? readFileSync(at('npm.log'), 'utf8').trim().split('\n') : [];

  async function setUp(nodeArgs: string[] = []) {
    const path = `${at('bin')}:${process.env.PATH}`;
    const command = runCommand(
      process.execPath,
      [...nodeArgs, at('cli', 'setup.mjs')],
      { PATH: path },
      project,
    );
    return { code: await command.ended, output: command.output() };
  }

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'signalbox-setup-'));
    for (const name of ['cli', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(join(ROOT, name), at(name), { recursive: true, filter: (source) => !source.endsWith('.ts') });
    }
    mkdirSync(at('node_modules'));
    for (const name of ['@temporalio', 'typescript', '@typescript', '@types', '.package-lock.json']) {
      if (existsSync(join(ROOT, 'node_modules', name)))
        symlinkSync(join(ROOT, 'node_modules', name), at('node_modules', name));
    }
    writeFileSync(at('cli', 'main.ts'), 'export const main = 1;\n');
    mkdirSync(at('workflows'));
    writeFileSync(at('workflows', 'index.ts'), 'export async function first(): Promise<void> {}\n');
    mkdirSync(at('api'));
    writeFileSync(at('api', 'old.ts'), 'export const old: number = 1;\n');
    mkdirSync(at('bin'));
    writeFileSync(at('bin', 'npm'), `#!/bin/sh\necho "$@" >> ${at('npm.log')}\n`);
    chmodSync(at('bin', 'npm'), 0o755);
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('compiles and bundles the first time, and installs nothing that is there', async () => {
    const { code, output } = await setUp();
    expect(output).toBe('Compiling …\nBundling the workflows …\n');
    expect(code).toBe(0);
    expect(npmCalls()).toEqual([]);
    expect(readFileSync(at('dist', 'workflow-bundle.js'), 'utf8')).toContain('first');
    expect(existsSync(at('dist', 'api', 'old.js'))).toBe(true);
  });

  it('does nothing the second time', async () => {
    expect(await setUp()).toEqual({ code: 0, output: '' });
  });

  it('compiles what changed, and drops what is gone', async () => {
    rmSync(at('api', 'old.ts'));
    writeFileSync(at('api', 'new.ts'), 'export const fresh = 1;\n');
    expect(await setUp()).toEqual({ code: 0, output: 'Compiling …\n' });
    expect(existsSync(at('dist', 'api', 'old.js'))).toBe(false);
    expect(existsSync(at('dist', 'api', 'new.js'))).toBe(true);
    expect(existsSync(at('dist', 'workflow-bundle.js'))).toBe(true);
  });

  it('bundles again when a workflow changed', async () => {
    writeFileSync(at('workflows', 'index.ts'), 'export async function second(): Promise<void> {}\n');
    const { code, output } = await setUp();
    expect(output).toContain('Bundling the workflows');
    expect(code).toBe(0);
    expect(readFileSync(at('dist', 'workflow-bundle.js'), 'utf8')).toContain('second');
  });

  it('builds again when what was built is gone', async () => {
    rmSync(at('dist', 'workflow-bundle.js'));
    expect((await setUp()).output).toBe('Bundling the workflows …\n');
    expect(existsSync(at('dist', 'workflow-bundle.js'))).toBe(true);
  });

  it('agrees with another set-up at the same time', async () => {
    writeFileSync(at('api', 'new.ts'), 'export const fresh = 2;\n');
    const all = await Promise.all([setUp(), setUp(), setUp()]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(all.map(({ output }) => output).join('')).toBe('Compiling …\n');
  });

  it('fails with the place of a source that does not parse', async () => {
    writeFileSync(at('api', 'new.ts'), 'export const = ;\n');
    const { code, output } = await setUp();
    expect(code).toBe(1);
    expect(output).toContain('Set-up failed');
    expect(output).toMatch(/api\/new\.ts\(1,14\)/);
    writeFileSync(at('api', 'new.ts'), 'export const fresh = 3;\n');
  });

  it('installs, without running scripts of packages, when the lockfile asks for something else', async () => {
    const lock = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
    lock.packages['node_modules/typescript'].version = '99.0.0';
    writeFileSync(at('package-lock.json'), JSON.stringify(lock));
    const { code, output } = await setUp();
    expect(output).toContain('Installing dependencies');
    expect(code).toBe(0);
    expect(npmCalls()).toEqual([expect.stringMatching(/^ci --ignore-scripts .*--include=dev/)]);
  });

  it('refuses an old Node with a clear message', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })`;
    const { code, output } = await setUp(['--import', `data:text/javascript,${encodeURIComponent(old)}`]);
    expect(code).toBe(1);
    expect(output).toContain('Signalbox needs Node.js 20.19 or newer; this is 20.18.3.');
  });
});

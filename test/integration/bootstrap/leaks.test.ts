import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand } from '../../helpers/command';
import { markedProcesses, RUN_MARK } from '../../helpers/leaks';

const ROOT = resolve(__dirname, '..', '..', '..');

describe('a test file that leaves something behind', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-leaks-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs jest, with the project's environment, on one file that passes. */
  async function runTest(name: string, body: string) {
    const config = {
      rootDir: ROOT,
      roots: [folder],
      testMatch: [`${folder}/${name}.leak.js`],
      testEnvironment: join(ROOT, 'test', 'helpers', 'leak-environment.ts'),
      transform: {
        '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
      },
    };
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(config));
    writeFileSync(join(folder, `${name}.leak.js`), `test('passes', async () => {\n${body}\n});\n`);
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const command = runCommand(process.execPath, [jest, '--config', file, '--forceExit']);
    return { code: await command.ended, output: command.output() };
  }

  it('passes when it leaves nothing', async () => {
    const { code, output } = await runTest('clean', "require('node:child_process').spawnSync('true');");
    expect(output).toContain('1 passed');
    expect(code).toBe(0);
  });

  it('fails for a process, however detached', async () => {
    const { code, output } = await runTest(
      'process',
      `const child = require('node:child_process').spawn('sleep', ['45'], { detached: true, stdio: 'ignore' });
      child.unref();
      require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(child.pid));`,
    );
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGKILL');
    expect(output).toMatch(/process\.leak\.js left behind:\s+process \d+: sleep 45/);
    expect(code).toBe(1);
  });

  it('fails for a port', async () => {
    const { code, output } = await runTest(
      'port',
      "await new Promise((done) => require('node:net').createServer().listen(0, '127.0.0.1', done));",
    );
    expect(output).toContain('TCPServerWrap: 0 before, 1 after');
    expect(code).toBe(1);
  });

  it('is found by the mark that children inherit', async () => {
    const mark = process.env[RUN_MARK] ?? '';
    const before = markedProcesses(mark).length;
    const child = runCommand('sleep', ['45']);
    expect(markedProcesses(mark)).toHaveLength(before + 1);
    await child.kill('SIGKILL');
    expect(markedProcesses(mark)).toHaveLength(before);
  });
});

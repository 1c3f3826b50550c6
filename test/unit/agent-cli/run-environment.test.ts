import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MissingValueError, runEnvironment } from '../../../activities/agent-cli/run-environment';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'signalbox-env-'));
  writeFileSync(join(home, 'key'), 'from the file\n');
  writeFileSync(join(home, 'nul'), 'a\0b');
});
afterAll(() => rmSync(home, { recursive: true }));

const source = () => ({ home, variable: (name: string) => (name === 'THERE' ? 'from the variable' : null) });

describe('the environment of a run', () => {
  it('takes each value from where the config file says; a template goes before its host', () => {
    const host = { A: 'host', B: 'host' };
    const template = { B: { from_env: 'THERE' }, C: { from_file: '~/key' }, D: { from_file: `${home}/key` } };
    expect(runEnvironment([host, undefined, template], source())).toEqual({
      A: 'host',
      B: 'from the variable',
      C: 'from the file',
      D: 'from the file',
    });
  });

  it.each([
    [{ from_env: 'GONE' }, 'no environment variable GONE'],
    [{ from_file: '~/gone' }, 'the file ~/gone cannot be read (ENOENT)'],
    [{ from_file: '~/nul' }, 'NUL'],
  ])('is refused without the value %j', (value, why) => {
    expect(() => runEnvironment([{ KEY: value }], source())).toThrow(MissingValueError);
    expect(() => runEnvironment([{ KEY: value }], source())).toThrow(`KEY: `);
    expect(() => runEnvironment([{ KEY: value }], source())).toThrow(why);
  });
});

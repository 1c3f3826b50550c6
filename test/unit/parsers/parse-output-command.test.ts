import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { printParsedOutput } from '../../../cli/parse-output';
import { codex, lines } from './streams';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parse-output-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function print(path: string, options: object = {}, input = '') {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const io = { stdin: Readable.from([Buffer.from(input)]), stdout, stderr } as never;
  const exit_code = await printParsedOutput(path, { cli: 'codex', exitCode: '0', ...options }, io);
  stdout.end();
  stderr.end();
  return { exit_code, stdout: await text(stdout), stderr: await text(stderr) };
}

describe('signalbox parse-output', () => {
  it('prints the receipt of a file, or of standard input', async () => {
    const printed = await print(file('out', codex.run()));
    expect(printed).toMatchObject({ exit_code: 0, stderr: '' });
    expect(JSON.parse(printed.stdout)).toMatchObject({ receipt: { summary: 'All done.' }, failure: null });
    expect(await print('-', {}, codex.run())).toEqual(printed);
  });

  it('exits with 0 for a failed run that it could read', async () => {
    const stderr = file('err', 'Not inside a trusted directory');
    const printed = await print(file('none', ''), { exitCode: '1', stderr });
    expect(printed.exit_code).toBe(0);
    expect(JSON.parse(printed.stdout).failure.code).toBe('not_a_repository');
  });

  const wrong: Array<[string, object, RegExp]> = [
    ['missing', {}, /ENOENT.*missing/],
    ['-', { stderr: '/nowhere/err' }, /ENOENT.*\/nowhere\/err/],
    ['-', { cli: 'vim' }, /^--cli vim: expected one of .*codex/],
    ['-', { exitCode: '256' }, /^--exit-code 256: expected/],
  ];
  it.each(wrong)('exits with 1 for what it cannot use: %s %j', async (path, options, message) => {
    const printed = await print(path, options, lines(codex.thread));
    expect(printed).toMatchObject({ exit_code: 1, stdout: '' });
    expect(printed.stderr).toMatch(message);
  });
});

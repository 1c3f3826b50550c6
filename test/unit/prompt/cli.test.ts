import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { promptOfFile } from '../../../cli/prompt';
import { parseTaskFile } from '../../../cli/task-file';
import { blockOf } from './read-blocks';

const TASK = {
  id: 'org/repo#42',
  title: 'Say hello',
  body: 'Please.',
  labels: ['agent:code'],
  repository: '/srv/repo',
};
const none = Readable.from([]);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-prompt-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fileOf = (name: string, text: string) => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};

describe('signalbox prompt', () => {
  it('makes the prompt of a file, with the branch that the task would get', async () => {
    const prompt = await promptOfFile({ task: fileOf('task.json', JSON.stringify(TASK)) }, none);
    expect(blockOf(prompt, 'body')).toBe('Please.');
    expect(prompt).toMatch(/on the branch "task\/org-repo-42/);
  });

  it('reads standard input, in pieces and with a byte order mark', async () => {
    const text = Buffer.from(`\ufeff${JSON.stringify({ ...TASK, body: 'ä'.repeat(10) })}`);
    const pieces = Readable.from([...text].map((byte) => Buffer.of(byte)));
    expect(blockOf(await promptOfFile({ task: '-' }, pieces), 'body')).toBe('ä'.repeat(10));
  });

  it('takes what else is known: diff, files, findings', async () => {
    const more = {
      diff: 'a diff',
      affected_files: ['a.ts'],
      findings: [{ message: 'wrong' }],
      kind: 'review',
    };
    const prompt = await promptOfFile(
      { task: fileOf('more.json', JSON.stringify({ ...TASK, ...more })) },
      none,
    );
    expect(['diff', 'affected files', 'findings'].map((of) => blockOf(prompt, of))).toEqual([
      'a diff',
      'a.ts',
      '1. wrong',
    ]);
  });

  it('finds the validation commands of a work directory, unless the task names them', async () => {
    fileOf('package.json', '{"scripts": {"test": "x", "check": "y"}}');
    fileOf('Makefile', 'test:\n\ttrue\n');
    const task = fileOf('task.json', JSON.stringify(TASK));
    const detected = await promptOfFile({ task, workDir: dir }, none);
    expect(detected).toContain('\n    npm test\n    npm run check\n    make test\n');
    const named = fileOf('named.json', JSON.stringify({ ...TASK, validation_commands: ['just ci'] }));
    expect(await promptOfFile({ task: named, workDir: dir }, none)).not.toContain('npm');
  });

  it.each([
    [
      'file',
      { task: '/nowhere/task.json' },
      /^\/nowhere\/task\.json: expected a file that can be read; there is none$/,
    ],
    [
      'directory',
      { task: '-', workDir: '/nowhere' },
      /^--work-dir \/nowhere: expected a directory; there is none$/,
    ],
  ])('says which %s is missing', async (_, options, message) => {
    await expect(promptOfFile(options, Readable.from([JSON.stringify(TASK)]))).rejects.toThrow(message);
  });
});

describe('a task file that is wrong', () => {
  it.each([
    ['{\n  "title": 5,\n  "body": ""\n}', ['t.json:2:12: title: expected string; got 5 (number)']],
    ['{"title": "a"}', ['t.json:1:1: body: expected string; nothing is set']],
    [
      '{"title": "a", "body": "", "lables": []}',
      ['t.json:1:28: lables: unknown key; nothing of this name is expected here'],
    ],
    ['[]', ['t.json:1:1: expected object; got a list']],
    ['', ['t.json: expected a task as JSON; got an empty text']],
  ])('%j: field, what came, what was expected', (text, problems) => {
    expect(() => parseTaskFile(text, 't.json')).toThrow(problems.join('\n'));
  });

  it('that is no JSON says so without a line where the parser names none', () => {
    expect(() => parseTaskFile('{"title": tru}', 't.json')).toThrow(
      /^t\.json: expected a task as JSON; got this: /,
    );
  });

  it('that is no JSON is told by line', () => {
    expect(() => parseTaskFile('{\n  "title": "a"\n  "body": ""\n}', 't.json')).toThrow(
      /^t\.json:3:3: expected a task as JSON; got this: Expected ','/,
    );
  });
});

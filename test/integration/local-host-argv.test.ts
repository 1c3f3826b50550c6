/** Whatever a prompt holds arrives byte for byte, and runs nothing. */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { quote } from '../../activities/ssh/sh';
import { localHost } from '../helpers/local-host';
import { promptOf } from '../helpers/prompt-of';

const nasty = [
  "'",
  '"',
  '`touch OWNED`',
  '$(touch OWNED)',
  '; touch OWNED #',
  '&& touch OWNED',
  '\\',
  '\n',
  '\r',
  '$' + '{HOME}',
  '!',
  '*',
  '~',
  '-n',
  '{prompt}',
  '{task_id}',
  '$&',
  "$'",
  "'\\''",
  '\u0001\u0081\u0088',
  'é€😀',
  'END_OF_TREE',
  ' ',
];

const text = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 12 })
  .map((parts) => Buffer.from(parts.join('').replaceAll('\0', '')).toString());

const PRINT = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';

describe('quote', () => {
  it('makes one word of anything, for the sh of this machine', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (words) => {
        const printed = execFileSync('/bin/sh', [
          '-c',
          `for w in ${words.map(quote).join(' ')}; do printf '%s\\0' "$w"; done`,
        ]);
        expect(printed.toString().split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 150 },
    );
  });

  it('refuses NUL', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
  });
});

describe('a hostile prompt', () => {
  let host: ReturnType<typeof localHost>;
  afterEach(() => host.close());

  it('arrives through the launcher as it was', async () => {
    const argv = [process.execPath, '-e', PRINT, '--', '{prompt}', '-p={prompt}', '{task_id}'];
    host = localHost({ templates: { agent: { argv } } });
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const request = host.request({ template: 'agent', script: body });
        const prompt = promptOf(request);
        expect(prompt).toContain(body);
        const started = await host.activities.startRun(request);
        const outcome = await host.follow(request, started).outcome;
        expect(outcome.failure).toBeNull();
        const output = Buffer.from((await host.blobs.read(outcome.output_ref ?? '')) ?? []).toString();
        expect(JSON.parse(output)).toEqual([prompt, `-p=${prompt}`, request.task_id]);
        expect(existsSync(join(started.work_dir, 'OWNED'))).toBe(false);
        expect(existsSync(join(started.run_dir, 'OWNED'))).toBe(false);
      }),
      { numRuns: 15, examples: [[nasty.join('')], ['']] },
    );
  });

  it('as a script or by standard input it is the same bytes', async () => {
    host = localHost({ templates: { stdin: { argv: ['cat'] } } });
    const outcome = await host.run({ template: 'stdin', script: nasty.join('') });
    const output = Buffer.from((await host.blobs.read(outcome.output_ref ?? '')) ?? []);
    expect(output.toString()).toContain(nasty.join(''));
    expect(output.equals(Buffer.from(promptOf({ body: { inline: nasty.join('') } })))).toBe(true);
    const script = `cat <<'END'\n${nasty.join('')}\nEND\n`;
    const ran = await host.run({ script });
    const printed = Buffer.from((await host.blobs.read(ran.output_ref ?? '')) ?? []);
    expect(printed.equals(Buffer.from(`${nasty.join('')}\n`))).toBe(true);
  });

  it('of a mebibyte arrives too: by standard input where the program can, else it is refused', async () => {
    const print = 'printf "%s\\n" "$#"; cat';
    const argv = ['sh', '-c', print, 'sh', '-x', '{prompt}'];
    host = localHost({ templates: { can: { argv, stdin: 'prompt' }, cannot: { argv } } });
    const piece = `${nasty.join('')}é`;
    const prompt = piece.repeat(Math.ceil(1_048_576 / Buffer.byteLength(piece)));
    const outcome = await host.run({ template: 'can', script: prompt });
    expect(outcome.failure).toBeNull();
    const output = Buffer.from((await host.blobs.read(outcome.output_ref ?? '')) ?? []);
    expect(output.equals(Buffer.from(`1\n${promptOf({ body: { inline: prompt } })}`))).toBe(true);
    await expect(
      host.activities.startRun(host.request({ template: 'cannot', script: prompt })),
    ).rejects.toMatchObject({ type: 'prompt_too_long', nonRetryable: true });
  });

  it('through a line as users write it is one argument', async () => {
    const line = `printf %s '{prompt}'`;
    host = localHost({ templates: { line: { argv: line } } });
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const outcome = await host.run({ template: 'line', script: body });
        const output = Buffer.from((await host.blobs.read(outcome.output_ref ?? '')) ?? []);
        expect(output.toString()).toBe(promptOf({ body: { inline: body } }));
      }),
      { numRuns: 10, examples: [[nasty.join('')]] },
    );
  });

  it('in the fields of a task it runs nothing either', async () => {
    host = localHost();
    const owned = join(host.root, 'OWNED');
    const evil = `x'$(touch ${owned})'; touch ${owned}; \``;
    writeFileSync(join(host.root, 'file'), '');
    const outcome = await host.run({
      task_id: evil,
      branch_name: evil,
      script: 'printf "%s|%s" "$SIGNALBOX_TASK_ID" "$SIGNALBOX_BRANCH"',
    });
    expect(outcome.receipt?.summary).toBe(`${evil}|${evil}`);
    await expect(
      host.activities.startRun(host.request({ repository: evil, branch_name: evil })),
    ).rejects.toMatchObject({ type: 'work_dir_failed' });
    expect(existsSync(owned)).toBe(false);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildPrompt } from '../../../activities/prompt/build-prompt';
import type { PromptInput } from '../../../activities/prompt/prompt-input';
import { fileDiff, promptInput } from './prompt-input';
import { blockOf, readBlocks } from './read-blocks';

/** The boundary depends on every character, so it is told apart: a golden file is to be read by people. */
function withoutBoundary(prompt: string): string {
  return prompt.replaceAll(readBlocks(prompt).boundary, 'BOUNDARY');
}

const CASES: Record<string, Partial<PromptInput>> = {
  code: {
    labels: ['agent:code', 'constraint:no-new-dependencies', 'priority:high', 'area/api'],
    affected_files: ['src/hello.ts', 'test/hello.test.ts'],
    validation_commands: ['npm test', 'npm run check'],
  },
  review: { labels: ['agent:review'], diff: fileDiff('src/hello.ts', ["export const hello = 'hello';"]) },
  'second-round': {
    findings: [
      { file: 'src/hello.ts', line: 1, message: 'Says helo.\nTwice.', severity: 'major' },
      { message: 'No test.' },
    ],
    handed_in: {
      summary: 'Added the greeting.',
      artifacts: { branch: 'task/org-repo-42', commit: '0123abc', changed_files: ['src/hello.ts'] },
    },
    checkpoint: { branch: 'task/org-repo-42', commit: '0123abc' },
  },
};

describe('a prompt', () => {
  it.each(Object.keys(CASES))('reads like golden/%s.md', (name) => {
    const golden = readFileSync(join(__dirname, 'golden', `${name}.md`), 'utf8');
    expect(withoutBoundary(buildPrompt(promptInput(CASES[name])))).toBe(golden);
  });

  it('is the same for the same input', () => {
    for (const fields of Object.values(CASES)) {
      expect(buildPrompt(promptInput(fields))).toBe(buildPrompt(structuredClone(promptInput(fields))));
    }
  });

  const headings = (fields: Partial<PromptInput>) =>
    [...readBlocks(buildPrompt(promptInput(fields))).ours.matchAll(/^# (.*)$/gm)].map(
      ([, heading]) => heading,
    );

  it.each<[string, Partial<PromptInput>, string[]]>([
    ['code', {}, ['Goal', 'Work directory', 'Validation', 'Result']],
    ['other work', { labels: [] }, ['Goal', 'Work directory', 'Result']],
    [
      'other work with commands',
      { labels: [], validation_commands: ['x'] },
      ['Goal', 'Work directory', 'Validation', 'Result'],
    ],
    ['code without commands', { validation_commands: [] }, ['Goal', 'Work directory', 'Result']],
    ['code with a diff', { diff: 'x' }, ['Goal', 'Work directory', 'Change', 'Validation', 'Result']],
    ['a review', { kind: 'review' }, ['Goal', 'Work directory', 'Change', 'Review points', 'Result']],
  ])('has the sections of %s', (_, fields, expected) => {
    expect(headings(fields)).toEqual(expected);
  });

  it('without a repository speaks neither of a branch nor of commits', () => {
    const { ours } = readBlocks(buildPrompt(promptInput({ repository: null })));
    expect(ours).toContain('not a clone');
    expect(ours).not.toMatch(/branch|commit/i);
  });

  it('of a review lets nothing be changed', () => {
    const prompt = buildPrompt(promptInput({ kind: 'review' }));
    expect(prompt).toContain('change no files, commit nothing');
    expect(prompt).not.toContain('Commit your work');
  });

  it('asks for the form of result that it is told', () => {
    expect(buildPrompt(promptInput({ output_format: 'receipt' }))).toContain(
      '"status": { "type": "string", "enum": [ "completed", "failed" ] }',
    );
    expect(buildPrompt(promptInput({ kind: 'review', output_format: 'summary' }))).not.toContain(
      'confidence',
    );
  });

  it('keeps a command of several lines in its code block', () => {
    expect(buildPrompt(promptInput({ validation_commands: ['a &&\nb'] }))).toContain('\n    a &&\n    b\n');
  });
});

describe('a diff that is too long', () => {
  const small = fileDiff('small.ts', ['1']);
  const big = fileDiff('big.ts', ['x'.repeat(5_000)]);
  const prompt = buildPrompt(promptInput({ kind: 'review', diff: small + big, diff_max_bytes: 1_000 }));

  it('is bounded, with a note of how much is missing and where it is', () => {
    expect(blockOf(prompt, 'diff')).toBe(small);
    expect(blockOf(prompt, 'files left out')).toBe(`big.ts (${Buffer.byteLength(big)} bytes)`);
    const total = Buffer.byteLength(small + big);
    expect(prompt).toContain(
      `${Buffer.byteLength(big)} of its ${total} bytes are left out. 1 of its 2 files is shown.`,
    );
    expect(prompt).toContain('Do not approve what you have not read.');
  });

  it('is bounded at 200 000 bytes unless told otherwise', () => {
    const diff = Array.from({ length: 50 }, (_, i) => fileDiff(`f${i}.ts`, ['x'.repeat(10_000)])).join('');
    const shown = Buffer.byteLength(blockOf(buildPrompt(promptInput({ diff })), 'diff') ?? '');
    expect(shown).toBeGreaterThan(185_000);
    expect(shown).toBeLessThanOrEqual(200_000);
  });

  it('that may show nothing still says what there is', () => {
    const none = buildPrompt(promptInput({ diff: small, diff_max_bytes: 0 }));
    expect(blockOf(none, 'diff')).toBeUndefined();
    expect(none).toContain(
      `${Buffer.byteLength(small)} of its ${Buffer.byteLength(small)} bytes are left out`,
    );
  });
});

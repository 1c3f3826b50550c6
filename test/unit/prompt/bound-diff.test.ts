import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundDiff } from '../../../activities/prompt/bound-diff';
import { fileDiff } from './prompt-input';

const [a, big, c] = [
  fileDiff('a.ts', ['one']),
  fileDiff('big.ts', ['x'.repeat(500)]),
  fileDiff('c.ts', ['ä']),
];
const bytes = (text: string) => Buffer.byteLength(text);

describe('a diff', () => {
  it('that fits is unchanged', () => {
    const diff = a + big + c;
    expect(boundDiff(diff, bytes(diff))).toEqual({
      text: diff,
      total_bytes: bytes(diff),
      total_files: 3,
      left_out: [],
      cut: null,
    });
  });

  it('that does not fit loses whole files, and keeps later ones that fit', () => {
    expect(boundDiff(a + big + c, bytes(a + c))).toMatchObject({
      text: a + c,
      left_out: [{ name: 'big.ts', bytes: bytes(big) }],
      cut: null,
    });
  });

  it('of files that are all too long is cut in the first, at the end of a line', () => {
    const long = fileDiff(
      'long.ts',
      Array.from({ length: 100 }, (_, i) => `line ${i}`),
    );
    const bounded = boundDiff(long + big, 300);
    expect(bounded).toMatchObject({ cut: 'long.ts', left_out: [{ name: 'big.ts' }], total_files: 2 });
    expect(long.startsWith(bounded.text)).toBe(true);
    expect(bounded.text).toMatch(/\n\+line \d+\n$/);
    expect(bytes(bounded.text)).toBeGreaterThan(290 - '+line 10\n'.length);
  });

  it('of one long line is cut between characters', () => {
    expect(boundDiff('ääää', 5).text).toBe('ää');
    expect(boundDiff('😀😀', 7).text).toBe('😀');
    expect(boundDiff(`short\n${'x'.repeat(100)}`, 50).text).toBe(`short\n${'x'.repeat(44)}`);
  });

  it.each([
    ['git', a + c, ['a.ts', 'c.ts']],
    ['git, a deleted file', a.replace('+++ b/a.ts', '+++ /dev/null') + c, ['a.ts', 'c.ts']],
    [
      'git, a renamed file',
      'diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n',
      ['a/x b/y'],
    ],
    [
      'Subversion',
      'Index: x.c\n===\n--- x.c\t(revision 1)\n+++ x.c\t(copy)\n@@\n+1\nIndex: y.c\n===\n--- y.c\n+++ y.c\n',
      ['x.c', 'y.c'],
    ],
    [
      'plain',
      '--- x.c\n+++ x.c\n@@ -1 +1 @@\n-1\n+2\n--- y.c\n+++ y.c\n@@ -1 +1 @@\n-1\n+2\n',
      ['x.c', 'y.c'],
    ],
    ['none that is known', 'something else\n', ['something else']],
    ['empty', '', []],
  ])('is split by file: %s', (_, diff, names) => {
    const { left_out, cut, total_files } = boundDiff(diff, 0);
    expect([...(cut === null ? [] : [cut]), ...left_out.map(({ name }) => name)]).toEqual(names);
    expect(total_files).toBe(names.length);
  });

  it('is not split at a line of a hunk that looks like the beginning of a file', () => {
    expect(boundDiff(fileDiff('a.md', ['diff --git a/x b/x', '++ b/x']), 1e6).total_files).toBe(1);
  });

  it('never exceeds its bound, and every byte is shown or counted', () => {
    const file = fc.tuple(
      fc.stringMatching(/^[a-z]{1,8}$/),
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
    );
    const files = fc.array(
      file.map(([name, lines]) => fileDiff(name, lines)),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(files, fc.nat({ max: 600 }), (texts, max) => {
        const { text, total_bytes, left_out, cut } = boundDiff(texts.join(''), max);
        expect(bytes(text)).toBeLessThanOrEqual(max);
        expect(total_bytes).toBe(bytes(texts.join('')));
        const out = left_out.reduce((sum, entry) => sum + entry.bytes, 0);
        if (cut === null) expect(bytes(text) + out).toBe(total_bytes);
        else expect(texts[0]?.startsWith(text)).toBe(true);
      }),
    );
  });
});

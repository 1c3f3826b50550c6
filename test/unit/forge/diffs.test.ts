import { describe, expect, it } from '@jest/globals';
import { cutDiff } from '../../../activities/forge/cut-diff';
import { diffLines } from '../../../activities/forge/diff-lines';
import { boundDiff } from '../../../activities/prompt/bound-diff';

const ONE = `diff --git a/src/a.ts b/src/a.ts
index 1111111..2222222 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,4 @@ function x() {
 one
-two
+TWO
+++ b/not-a-file
 three
@@ -10 +11,2 @@
 ten
+eleven
\\ No newline at end of file
`;
const TWO = `diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
`;
const THREE = `diff --git a/new file b/new file
new file mode 100644
--- /dev/null
+++ b/new file\t
@@ -0,0 +1 @@
+x
`;

describe('lines that a diff shows', () => {
  it('are those of the new files, in their numbers there', () => {
    expect(diffLines(ONE + TWO + THREE)).toEqual(
      new Map([
        ['src/a.ts', new Set([1, 2, 3, 4, 11, 12])],
        ['new file', new Set([1])],
      ]),
    );
  });

  it('are none of no diff', () => {
    expect(diffLines('')).toEqual(new Map());
    expect(diffLines('Binary files differ\n')).toEqual(new Map());
  });
});

describe('the beginning of a long diff', () => {
  const cut = (text: string, bytes: number) => cutDiff(Buffer.from(text).subarray(0, bytes), bytes);

  it('is whole files, and says so before them', () => {
    const bytes = Buffer.byteLength(ONE) + 40;
    expect(cut(ONE + TWO + THREE, bytes)).toBe(
      `# This diff is longer than ${bytes} bytes: what follows is only its beginning.\n${ONE}`,
    );
  });

  it('is up to a line of the one file that was read', () => {
    expect(cut(ONE, 100)).toMatch(/^# This diff.*\ndiff --git [^\0]*\n$/);
    expect(cut('é'.repeat(50), 51)).toMatch(/beginning\.\n$/);
  });

  it('keeps its first line when it is bounded further', () => {
    const bytes = Buffer.byteLength(ONE + TWO) + 40;
    const bounded = boundDiff(cut(ONE + TWO + THREE, bytes), Buffer.byteLength(TWO) + 200);
    expect(bounded.text).toContain('only its beginning');
    expect(bounded.left_out.map(({ name }) => name)).toEqual(['src/a.ts']);
  });
});

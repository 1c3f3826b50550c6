const HUNK = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/**
 * Lines of the new files that a unified diff shows, by path: where forges take comments.
 * Paths that git has quoted are left out.
 */
export function diffLines(diff: string): Map<string, Set<number>> {
  const shown = new Map<string, Set<number>>();
  let lines: Set<number> | null = null;
  /** Of the next line of the new file; null outside of hunks. */
  let next: number | null = null;
  for (const line of diff.split('\n')) {
    if (line.startsWith('diff --git ')) {
      lines = null;
      next = null;
    } else if (next === null && line.startsWith('+++ ')) {
      const path = /^\+\+\+ b\/([^\t\r]+)/.exec(line)?.[1];
      lines = path === undefined ? null : new Set();
      if (path !== undefined && lines !== null) shown.set(path, lines);
    } else if (HUNK.test(line)) {
      next = Number(HUNK.exec(line)?.[1]);
    } else if (next !== null && (line.startsWith('+') || line.startsWith(' '))) {
      lines?.add(next);
      next += 1;
    }
  }
  return shown;
}

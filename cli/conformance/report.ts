/** The table for people. Pure. */
import type { Result } from './run-invariants';

const WIDTH = 110;
const MARK = { ok: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

export function table(results: readonly Result[]): string {
  const rows = results.map(
    (one) => [one.name, one.requires, MARK[one.outcome], seconds(one.duration_ms)] as const,
  );
  const names = Math.max(...rows.map(([name]) => name.length));
  const words = Math.max(...Object.values(MARK).map((mark) => mark.length));
  return results
    .map((one, i) => {
      const [name, requires, mark, time] = rows[i] ?? ['', '', '', ''];
      const lines = wrap(requires, WIDTH - names - words - 12);
      const first = `${mark.padEnd(words)} ${time.padStart(7)}  ${name.padEnd(names)}  ${lines[0]}`;
      const indent = ' '.repeat(words + names + 12);
      return [first, ...lines.slice(1).map((line) => indent + line), ...details(one)].join('\n');
    })
    .join('\n');
}

export function summary(results: readonly Result[], durationMs: number): string {
  const count = (outcome: Result['outcome']) => results.filter((one) => one.outcome === outcome).length;
  const all = `${count('ok')} ok, ${count('failed')} failed, ${count('skipped')} skipped`;
  return `${all} in ${seconds(durationMs)}`;
}

/** Nothing failed, and something was tested. */
export const isConformant = (results: readonly Result[]) =>
  results.some(({ outcome }) => outcome === 'ok') && !results.some(({ outcome }) => outcome === 'failed');

function details({ outcome, reason, expected, seen }: Result): string[] {
  if (outcome === 'failed') return [`        expected  ${expected}`, `        seen      ${seen}`];
  return outcome === 'skipped' ? [`        because   ${reason}`] : [];
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

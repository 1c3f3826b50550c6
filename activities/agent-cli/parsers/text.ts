import { ByteTail } from './byte-tail';
import { EMPTY_READING } from './reading';
import { type OutputEnd, type ParsedOutput, PIPE_BYTES } from './types';
import { verdict } from './verdict';

const SUMMARY_LINES = 20;
const SUMMARY_MAX = 4_000;
const NEWLINE = 0x0a;

/** Plain text: its last lines are the summary, and an exit code of 0 is its terminal event. */
export class TextOutput {
  private readonly tail = new ByteTail(65_536);
  private last = 0;

  push(clean: Uint8Array): void {
    this.tail.push(clean);
    this.last = clean.at(-1) ?? this.last;
  }

  conclude(end: OutputEnd, bytes: number): ParsedOutput {
    const text = this.tail.text();
    const reading =
      end.exit_code === 0
        ? {
            ...EMPTY_READING,
            terminal: { ok: true } as const,
            text: lastLines(text) || 'exit code 0, no output',
          }
        : { ...EMPTY_READING };
    const facts = {
      bytes,
      objects: 0,
      unfinished: false,
      overlong: 0,
      noise: lastLines(text),
      any_program: true,
    };
    const parsed = verdict(reading, facts, end);
    const maybeCut = bytes === PIPE_BYTES && this.last !== NEWLINE;
    return maybeCut ? { ...parsed, warnings: [...parsed.warnings, 'maybe_truncated'] } : parsed;
  }
}

function lastLines(text: string): string {
  const lines = text
    .split('\n')
    // Of a line that was written over, as progress bars do, the last state.
    .map((line) => line.split('\r').findLast((state) => state.trim() !== ''))
    .filter((line) => line !== undefined);
  return lines.slice(-SUMMARY_LINES).join('\n').slice(-SUMMARY_MAX);
}

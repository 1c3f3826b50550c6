import { readFileSync, renameSync, statSync } from 'node:fs';
import { hasCode } from '../error-code';

const TAIL_LINES = 5;
const KEPT_BYTES = 10_000_000;

/** The end of a log as one paragraph for an error message. */
export function logTail(file: string): string {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES);
    return `The end of ${file}:\n  ${lines.join('\n  ')}`;
  } catch {
    return `There is no log at ${file}.`;
  }
}

/** Begins a new log when the old one has grown large; one old one is kept. */
export function rotateLog(file: string): void {
  try {
    if (statSync(file).size > KEPT_BYTES) renameSync(file, `${file}.1`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

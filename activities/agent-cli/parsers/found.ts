import { resetTime } from './reset-time';
import type { OutputEnd, OutputFailure } from './types';

/** Longest text that is searched for a time, in characters: its end. */
const SEARCHED = 262_144;

/** A failure before its remedy is added. */
export type Found = Pick<OutputFailure, 'code' | 'message' | 'resets_at'>;

/** The reset time in the first text that tells one. */
export function resetIn(texts: Array<string | null>, end: OutputEnd): string | null {
  for (const text of texts) {
    const at = resetTime((text ?? '').slice(-SEARCHED), end.ended_at_ms ?? Date.now(), end.time_zone);
    if (at !== null) return at;
  }
  return null;
}

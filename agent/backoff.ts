/** Gives numbers from 0 up to but not including 1. */
export type Random = () => number;

export interface Backoff {
  /** Pause after the first failure, in milliseconds. */
  first_ms: number;
  /** Longest pause, in milliseconds. */
  most_ms: number;
}

const HALF = 0.5;

/**
 * How long to wait after so many failures in a row (1 and up), in milliseconds. Half of it is chance, so that
 * agents that lost the same server do not come back to it together. What the server asked for is the least.
 */
export function backoffPause(
  failures: number,
  { first_ms, most_ms }: Backoff,
  random: Random,
  retry_after_ms: number | null = null,
): number {
  const full = Math.min(most_ms, first_ms * 2 ** Math.min(failures - 1, 30));
  const pause = full * (HALF + HALF * random());
  if (retry_after_ms === null) return pause;
  return Math.max(retry_after_ms, pause) + first_ms * random();
}

/** Between two polls that brought nothing, in milliseconds. */
export const pollPause = (most_ms: number, random: Random, retry_after_ms: number | null = null): number =>
  (retry_after_ms ?? 0) + most_ms * random();

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffPause, pollPause } from '../../../agent/backoff';
import { retryAfter } from '../../../agent/http-client';

const pauses = { first_ms: 100, most_ms: 1_600 };
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the pause after failures', () => {
  it('doubles up to its limit, and half of it is chance', () => {
    const at = (random: number) => [1, 2, 3, 4, 5, 6, 100].map((n) => backoffPause(n, pauses, () => random));
    expect(at(0)).toEqual([50, 100, 200, 400, 800, 800, 800]);
    expect(at(1)).toEqual([100, 200, 400, 800, 1_600, 1_600, 1_600]);
  });

  it('is never shorter than the server asked for, and then not the same for all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 60_000 }),
        chance,
        (n, after, r) => {
          expect(backoffPause(n, pauses, () => r, after)).toBeGreaterThanOrEqual(after);
        },
      ),
    );
    expect(backoffPause(1, pauses, () => 0.9, 5_000)).toBeGreaterThan(
      backoffPause(1, pauses, () => 0.1, 5_000),
    );
  });

  it('between polls is what the server asked for and some chance', () => {
    expect(pollPause(500, () => 0)).toBe(0);
    expect(pollPause(500, () => 0.5, 2_000)).toBe(2_250);
  });
});

describe('Retry-After', () => {
  it.each([
    [null, null],
    ['2', 2_000],
    ['0.5', 500],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', null],
  ])('%s is %s ms', (value, expected) => {
    expect(retryAfter(value, 1_000)).toBe(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import { GRPC } from '../../../dispatch/grpc-status';
import { createReachability } from '../../../dispatch/reachability';

const OK = 0;

describe('reachability', () => {
  it.each([
    [
      'since the start while calls are answered',
      [
        [500, OK],
        [900, OK],
      ],
      5_000,
      0,
    ],
    [
      'a short failure is no outage',
      [
        [500, GRPC.unavailable],
        [1_400, OK],
      ],
      5_000,
      0,
    ],
    [
      'since the end of an outage',
      [
        [500, GRPC.unavailable],
        [1_600, OK],
        [1_700, OK],
      ],
      5_000,
      1_600,
    ],
    [
      'of calls that time out, too',
      [
        [500, GRPC.deadlineExceeded],
        [9_000, OK],
      ],
      9_001,
      9_000,
    ],
    [
      'a refusal is an answer',
      [
        [500, GRPC.unavailable],
        [1_600, GRPC.resourceExhausted],
      ],
      5_000,
      1_600,
    ],
    ['now, during an outage', [[500, GRPC.unavailable]], 4_000, 4_000],
  ])('%s', (_, notes, asked, expected) => {
    let now = 0;
    const reachability = createReachability(() => now);
    for (const [at, status] of notes as Array<[number, number]>) {
      now = at;
      reachability.note(status);
    }
    now = asked;
    expect(reachability.since()).toBe(expected);
  });
});

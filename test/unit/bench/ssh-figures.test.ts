import { describe, expect, it } from '@jest/globals';
import { fleetOf, type Seen } from '../../../bench/ssh/fleet-figures';
import { latencyOf } from '../../../bench/ssh/latency';
import { mostAtOnce, timeOf } from '../../../bench/ssh/marks';
import { median } from '../../../bench/ssh/median';

describe('median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
    [[7], 7],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

it('latencies are compared by their medians', () => {
  const times = { cold: [400, 300, 9_000], master: [100, 120, 80], run: [50, 60, 40] };
  expect(latencyOf(times)).toEqual({
    rounds: 3,
    runMs: 50,
    coldMs: 400,
    masterMs: 100,
    ofCold: 0.125,
    ofMaster: 0.5,
  });
});

describe('marks', () => {
  it('are times in milliseconds', () => {
    expect(timeOf('1795284035849\n')).toBe(1_795_284_035_849);
  });

  // What `date` prints where it does not know %N, and a file that is still empty.
  it.each(['1795284035N', '1795284035%3N\n', ''])('are not %j', (text) => {
    expect(() => timeOf(text)).toThrow('not a time');
  });

  it.each([
    ['nothing', [], 0],
    [
      'apart',
      [
        [0, 1],
        [2, 3],
      ],
      1,
    ],
    [
      'one after the other',
      [
        [0, 1],
        [1, 2],
      ],
      1,
    ],
    [
      'two of three',
      [
        [0, 5],
        [4, 9],
        [6, 8],
      ],
      2,
    ],
    [
      'one within another',
      [
        [0, 9],
        [1, 8],
        [2, 7],
      ],
      3,
    ],
  ] as Array<[string, Array<[number, number]>, number]>)('at once: %s', (_, spans, most) => {
    expect(mostAtOnce(spans.map(([from, to]) => ({ from, to })))).toBe(most);
  });
});

describe('the fleet', () => {
  const task = (id: string) => ({ id, status: 'completed', failure: null });
  const seen: Seen = {
    hosts: 2,
    tasks: [task('1'), task('2')],
    runs: [
      { from: 1_000, to: 5_000 },
      { from: 2_000, to: 6_000 },
    ],
    watched: {
      samples: [0, 1_000, 2_000, 5_000, 6_000, 7_000].map((at, i) => ({ at, cpuMs: i * 600 })),
      peakBytes: 250_000_000,
    },
  };
  const figures = {
    hosts: 2,
    tasks: 2,
    attempts: 2,
    failures: [],
    atOnce: 2,
    peakMb: 250,
    cores: 0.36,
    startingCores: 0.6,
    runningCores: 0.2,
    seconds: 5,
    startingSeconds: 1,
    runningSeconds: 3,
  };

  it('is measured from the first start to the last end, and in its phases', () => {
    expect(fleetOf(seen)).toEqual(figures);
  });

  it('counts attempts that others ended, and says why', () => {
    const tasks = [task('1'), { ...task('2'), failure: 'the host was lost' }];
    const runs = [{ from: 0, to: null }, ...seen.runs];
    expect(fleetOf({ ...seen, tasks, runs })).toEqual({
      ...figures,
      attempts: 3,
      failures: ['the host was lost'],
    });
  });

  it.each<[string, Partial<Seen>, string]>([
    ['failed', { tasks: [task('1'), { ...task('2'), status: 'failed' }] }, 'not completed'],
    ['never ended', { runs: [...seen.runs.slice(1), { from: 1_000, to: null }] }, 'only 1 runs'],
    ['came late', { runs: [...seen.runs.slice(1), { from: 6_500, to: 7_000 }] }, 'only 1 runs'],
  ])('is no figure when a run %s', (_, changes, message) => {
    expect(() => fleetOf({ ...seen, ...changes })).toThrow(message);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Pace } from '../../../activities/ssh/pace';
import { BackOff } from '../../../activities/ssh/remote/back-off';
import { SignOfLife } from '../../../activities/ssh/sign-of-life';

function clock(start = 1_000_000) {
  let now = start;
  return { now: () => now, pass: (ms: number) => (now += ms) };
}

describe('signs of life', () => {
  const LOST = 60_000;
  const GRACE = 5_000;
  /** By the clock of the host, 10 s. */
  const IN_TIME_CS = 1_000;

  it('are given once the clock of the host is known, each for a short time', () => {
    const time = clock();
    const life = new SignOfLife(LOST, GRACE, time.now);
    expect(life.known).toBe(false);
    expect(life.give(true)).toEqual({ touch: '', touch_until_cs: 0 });
    time.pass(100);
    life.answered(5_000);
    expect(life.known).toBe(true);
    time.pass(2_000);
    const { touch, touch_until_cs } = life.give(true);
    expect(touch).toBe(String(time.now()));
    expect(touch_until_cs).toBe(5_000 + 200 + IN_TIME_CS);
    expect(life.give(false).touch).toBe('');
  });

  it('end when looks are not answered, and then the run is over after a time that is known', () => {
    const time = clock();
    const life = new SignOfLife(LOST, GRACE, time.now);
    life.answered(0);
    let last = 0;
    for (let waited = 0; waited < LOST; waited += 1_000) {
      time.pass(1_000);
      if (life.give(true).touch !== '') last = time.now();
    }
    expect(last).toBe(1_000_000 + LOST / 2);
    // The last one may have been written 10 s after it was sent, and the watch runs from there.
    time.pass(last + 10_000 + LOST + GRACE - time.now());
    expect(life.fenced).toBe(false);
    time.pass(1);
    expect(life.fenced).toBe(true);
  });

  it('that never got through do not count', () => {
    const time = clock();
    const life = new SignOfLife(LOST, GRACE, time.now);
    life.answered(0);
    time.pass(20_000);
    life.give(true);
    life.notSent();
    time.pass(10_000 + LOST + GRACE - 20_000 + 1);
    expect(life.fenced).toBe(true);
  });

  it('of another follower are thought of at first', () => {
    const time = clock();
    const life = new SignOfLife(1_000, 100, time.now);
    time.pass(1_600);
    expect(life.fenced).toBe(false);
    time.pass(1);
    expect(life.fenced).toBe(true);
  });
});

describe('the pace of looks', () => {
  it('slows down while nothing moves, and is back at once', () => {
    const pace = new Pace(500, 300_000);
    const pauses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      pauses.push(pace.pause_ms);
      pace.saw(false);
    }
    expect(pauses).toEqual([500, 750, 1125, 1687.5, 2000, 2000]);
    pace.saw(true);
    expect(pace.pause_ms).toBe(500);
  });

  it('leaves a busy host alone, for a time', () => {
    const pace = new Pace(500, 300_000);
    pace.saw(true, 20);
    expect(pace.pause_ms).toBe(500);
    pace.saw(true, 900);
    expect(pace.pause_ms).toBe(1_800);
    pace.saw(false, 60_000);
    expect(pace.pause_ms).toBe(10_000);
    pace.saw(false, 20);
    expect(pace.pause_ms).toBe(1_125);
  });

  it('always leaves several looks within the limit of the watch', () => {
    const pace = new Pace(500, 3_000);
    for (let i = 0; i < 6; i += 1) pace.saw(false);
    expect(pace.pause_ms).toBe(600);
    pace.saw(false, 5_000);
    expect(pace.pause_ms).toBe(600);
    expect(new Pace(500, 1_000).pause_ms).toBe(200);
  });
});

describe('pauses between connections', () => {
  it('grow, with jitter, up to a limit', () => {
    const time = clock();
    const pauses = (random: number) => {
      const backOff = new BackOff(() => random, time.now);
      return Array.from({ length: 7 }, () => {
        backOff.failed(false);
        return backOff.pause_ms;
      });
    };
    expect(pauses(1)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(pauses(0)).toEqual([125, 250, 500, 1_000, 2_000, 2_500, 2_500]);
  });

  it('are long where only somebody can help, and none after success', () => {
    const time = clock();
    const backOff = new BackOff(() => 1, time.now);
    expect(backOff.pause_ms).toBe(0);
    backOff.failed(true);
    expect(backOff.pause_ms).toBe(12_000);
    time.pass(11_000);
    expect(backOff.pause_ms).toBe(1_000);
    backOff.succeeded();
    expect(backOff.pause_ms).toBe(0);
    backOff.failed(false);
    expect(backOff.pause_ms).toBe(250);
  });
});

import { describe, expect, it } from '@jest/globals';
import { cached, cachedByKey } from '../../../dispatch/cached';
import { manualClock } from '../../helpers/manual-clock';

describe('cached', () => {
  it('loads once for callers that come together and until the time is over', async () => {
    const clock = manualClock();
    let loads = 0;
    const read = cached(clock, 2_000, async () => ++loads);
    expect(await Promise.all([read(), read()])).toEqual([1, 1]);
    await clock.advance(1_999);
    expect(await read()).toBe(1);
    await clock.advance(1);
    expect(await read()).toBe(2);
  });

  it('does not remember a failure', async () => {
    const clock = manualClock();
    let loads = 0;
    const read = cached(clock, 2_000, async () => {
      loads += 1;
      if (loads === 1) throw new Error('away');
      return loads;
    });
    await expect(read()).rejects.toThrow('away');
    expect(await read()).toBe(2);
  });
});

describe('cachedByKey', () => {
  it('remembers each key, and no more of them than it may', async () => {
    const clock = manualClock();
    const loads: string[] = [];
    const read = cachedByKey(clock, 2_000, 2, async (key) => {
      loads.push(key);
      return key;
    });
    for (const key of ['a', 'b', 'a', 'c', 'b', 'a']) expect(await read(key)).toBe(key);
    expect(loads).toEqual(['a', 'b', 'c', 'a']);
  });
});

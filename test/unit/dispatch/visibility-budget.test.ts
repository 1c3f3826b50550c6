import { describe, expect, it } from '@jest/globals';
import { createVisibilityBudget } from '../../../dispatch/visibility-budget';
import { manualClock, settle } from '../../helpers/manual-clock';

describe('the visibility budget', () => {
  it('gives no more than so many in any second', async () => {
    const clock = manualClock(0);
    const budget = createVisibilityBudget({ perSecond: 5, clock });
    const times: number[] = [];
    for (let i = 0; i < 23; i++) void budget.take('board').then(() => times.push(clock.now()));
    for (let i = 0; i < 60; i++) await clock.advance(100);
    expect(times).toHaveLength(23);
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(5);
    }
    expect(times.at(-1)).toBe(4_000);
    expect(clock.timers()).toBe(0);
  });

  it('lets users take turns', async () => {
    const clock = manualClock(0);
    const budget = createVisibilityBudget({ perSecond: 1, clock });
    const order: string[] = [];
    for (let i = 0; i < 4; i++) void budget.take('refill').then(() => order.push('refill'));
    for (let i = 0; i < 2; i++) void budget.take('list').then(() => order.push('list'));
    await clock.advance(10_000);
    expect(order).toEqual(['refill', 'refill', 'list', 'refill', 'list', 'refill']);
  });

  it('refuses whoever waits when it closes, and whoever comes later', async () => {
    const clock = manualClock(0);
    const budget = createVisibilityBudget({ perSecond: 1, clock });
    await budget.take('board');
    const waiting = budget.take('board');
    expect(budget.waiting()).toBe(1);
    budget.close();
    await expect(waiting).rejects.toThrow('closed');
    await expect(budget.take('board')).rejects.toThrow('closed');
    await settle();
    expect(clock.timers()).toBe(0);
  });
});

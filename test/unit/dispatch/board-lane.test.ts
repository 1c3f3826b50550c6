import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BoardEntry, compareEntries } from '../../../dispatch/board-entry';
import { createLane } from '../../../dispatch/board-lane';
import { entry } from '../../helpers/scripted-source';

const NONE = new Set<BoardEntry>();

function drain(lane: ReturnType<typeof createLane>): BoardEntry[] {
  const order: BoardEntry[] = [];
  for (let first = lane.first(NONE); first; first = lane.first(NONE)) {
    order.push(first);
    lane.remove(first);
  }
  expect(lane.isEmpty()).toBe(true);
  return order;
}

describe('a lane', () => {
  it('agrees with a sorted list, whatever comes and goes where', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 60 }) }) },
      { weight: 1, arbitrary: fc.record({ removeAt: fc.nat(300) }) },
      { weight: 1, arbitrary: fc.constant({ takeFirst: true }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const lane = createLane();
        const model: BoardEntry[] = [];
        for (const act of steps) {
          if ('add' in act) {
            const row = entry({ claimableSince: act.add });
            lane.add(row);
            model.push(row);
            model.sort(compareEntries);
          } else {
            const at = 'removeAt' in act ? act.removeAt % Math.max(1, model.length) : 0;
            const [row] = model.splice(at, 1);
            if (row) lane.remove(row);
          }
          expect(lane.first(NONE)).toBe(model[0] ?? null);
        }
        expect(drain(lane)).toEqual(model);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['the oldest first', (i: number) => i],
    ['the youngest first', (i: number) => -i],
  ])('takes thousands that come %s', (_, age) => {
    const lane = createLane();
    const rows = Array.from({ length: 5_000 }, (_, i) => entry({ claimableSince: age(i) }));
    for (const row of rows) lane.add(row);
    expect(drain(lane)).toEqual(rows.toSorted(compareEntries));
  });

  it('passes over what was tried, and ignores the removal of a stranger', () => {
    const lane = createLane();
    const [first, second] = [entry({ claimableSince: 1 }), entry({ claimableSince: 2 })];
    lane.add(second);
    lane.add(first);
    expect(lane.first(new Set([first]))).toBe(second);
    lane.remove(entry({ claimableSince: 1 }));
    expect(drain(lane)).toEqual([first, second]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { HolderRef } from '../../../contracts/task';
import { seekerFor, shapeKey, shapeOf } from '../../../dispatch/board-entry';
import { entryOf } from '../../../dispatch/board-source';

const row = (memo: Record<string, unknown>) => ({
  workflowId: 'task/org/repo#1/review-1',
  typedSearchAttributes: {
    get: ({ name }: { name: string }) => (name === 'ClaimableSince' ? new Date(5) : undefined),
  } as never,
  memo,
});
const accepts = (holder: HolderRef, memo: Record<string, unknown>) => {
  const entry = entryOf(row(memo));
  if (!entry) throw new Error('no entry');
  return seekerFor({ holder, capabilities: [], product: null }).accepts(shapeOf(entry));
};

describe('a review on the board', () => {
  it.each<[HolderRef, Record<string, unknown>, boolean]>([
    ['agent:a', { not_by: ['agent:a'] }, false],
    ['agent:b', { not_by: ['agent:a'] }, true],
    ['agent:a', {}, true],
  ])('is offered to %s by the memo %j: %s', (holder, memo, offered) => {
    expect(accepts(holder, memo)).toBe(offered);
  });

  it('has a bucket of its own', () => {
    const keys = [{}, { not_by: ['agent:a'] }, { not_by: ['agent:b'] }].map((memo) => {
      const entry = entryOf(row(memo));
      return entry && shapeKey(shapeOf(entry));
    });
    expect(new Set(keys).size).toBe(3);
  });
});

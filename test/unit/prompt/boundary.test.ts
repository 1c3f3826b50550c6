import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundaryOf } from '../../../activities/prompt/boundary';

describe('a boundary', () => {
  it('is the same for the same texts, and another for others', () => {
    expect(boundaryOf(['a', 'b'])).toBe(boundaryOf(['a', 'b']));
    expect(
      new Set([['a', 'b'], ['ab'], ['a', 'b', ''], ['b', 'a'], []].map((texts) => boundaryOf(texts))).size,
    ).toBe(5);
  });

  it('is a word of 24 hex digits that no text holds', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const boundary = boundaryOf(texts);
        expect(boundary).toMatch(/^[0-9a-f]{24}$/);
        expect(texts.some((text) => text.includes(boundary))).toBe(false);
      }),
    );
  });

  it('passes over candidates that a text holds, in either case', () => {
    // Stands for somebody who can foresee the digest: it tells nothing of the content.
    const digest = (text: string) => (/^\d+:/.exec(text)?.[0] ?? '').replace(':', '').padStart(24, 'a');
    const first = boundaryOf([''], digest);
    const second = boundaryOf([`x${first}y`], digest);
    const third = boundaryOf([`${first} ${second.toUpperCase()}`], digest);
    expect([first, second, third]).toEqual([0, 1, 2].map((n) => String(n).padStart(24, 'a')));
  });
});

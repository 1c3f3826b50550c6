import { describe, expect, it } from '@jest/globals';
import { ForgeError } from '../../../activities/forge/forge';
import { openOnce } from '../../../activities/forge/open-once';
import type { PullFacts } from '../../../contracts/forge';

const pull = (number: number) => ({ number }) as PullFacts;
/** What each look finds, in this order. */
const looks = (...found: Array<PullFacts | null>) => {
  return async () => found.shift() ?? null;
};
const failing = (error: Error) => () => Promise.reject(error);
const taken = new ForgeError('conflict', 'there is one');

describe('a pull request', () => {
  it('that is there is not opened again', async () => {
    expect(await openOnce(looks(pull(1)), failing(new Error('was opened')), 'conflict')).toEqual(pull(1));
  });

  it('that is not there is opened', async () => {
    expect(await openOnce(looks(null), async () => pull(2), 'conflict')).toEqual(pull(2));
  });

  it('that somebody else opened meanwhile is found', async () => {
    expect(await openOnce(looks(null, pull(3)), failing(taken), 'conflict')).toEqual(pull(3));
  });

  it.each<[string, Array<PullFacts | null>, Error]>([
    ['is said to be there, but is not found', [null, null], taken],
    ['is refused for another reason', [null, pull(4)], new ForgeError('rejected', 'no')],
    ['fails in another way', [null, pull(4)], new Error('a bug')],
  ])('that %s is an error', async (_, found, error) => {
    await expect(openOnce(looks(...found), failing(error), 'conflict')).rejects.toBe(error);
  });
});

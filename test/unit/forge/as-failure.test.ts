import { describe, expect, it } from '@jest/globals';
import { ForgeError, type ForgeErrorCode } from '../../../activities/forge/forge';
import { asFailure } from '../../../workers/forge/as-failure';

const tried = (error: Error, mendable?: ForgeErrorCode[]) =>
  asFailure('main', () => Promise.reject(error), mendable).catch((failure: unknown) => failure);
const FIVE_MINUTES = 300_000;

describe('an error of a forge', () => {
  it.each<[ForgeErrorCode, ForgeErrorCode[] | undefined, boolean, number | undefined]>([
    ['unauthorized', undefined, false, FIVE_MINUTES],
    ['forbidden', undefined, true, undefined],
    ['forbidden', ['unauthorized', 'forbidden'], false, FIVE_MINUTES],
    ['unauthorized', ['forbidden'], true, undefined],
    ['not_found', undefined, true, undefined],
    ['conflict', undefined, true, undefined],
    ['unavailable', undefined, false, undefined],
  ])(
    '%s, where %p waits for a person: final %p, tried again after %p ms',
    async (code, mendable, final, ms) => {
      const failure = await tried(new ForgeError(code, 'what to do'), mendable);
      expect(failure).toMatchObject({ type: code, message: 'main: what to do', nonRetryable: final });
      expect((failure as { nextRetryDelay?: unknown }).nextRetryDelay ?? undefined).toBe(ms);
    },
  );

  it('is tried again when the forge says so', async () => {
    const failure = await tried(new ForgeError('rate_limited', 'wait', 7_000));
    expect(failure).toMatchObject({ nonRetryable: false, nextRetryDelay: 7_000 });
  });

  it('of another kind is left as it is', async () => {
    const bug = new Error('a bug');
    expect(await tried(bug)).toBe(bug);
    expect(await asFailure('main', async () => 'done')).toBe('done');
  });
});

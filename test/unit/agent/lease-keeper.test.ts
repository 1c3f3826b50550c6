import { afterEach, describe, expect, it } from '@jest/globals';
import { type Answer, UnreachableError } from '../../../agent/http-client';
import { LeaseKeeper } from '../../../agent/lease-keeper';
import type { LeaseApi } from '../../../agent/task-api';
import { verdictOf } from '../../../agent/verdict';
import { waitUntil } from '../../helpers/wait-until';

const answer = (status: number, body: object = {}, retry_after_ms: number | null = null): Answer => ({
  status,
  body,
  code: 'code' in body ? String(body.code) : null,
  retry_after_ms,
  directive: null,
});
const renewed = (directive = 'continue') => answer(200, { directive });
const keepers: LeaseKeeper[] = [];

/** A server that answers as it is told; what is asked of it besides is not. */
function keeperOf(reply: (call: number) => Answer | Promise<Answer>, renew_every_s = 0.05) {
  const calls: Array<{ at: number; checkpoint: unknown }> = [];
  const directives: string[] = [];
  const renew: LeaseApi['renew'] = async (checkpoint) => {
    calls.push({ at: Date.now(), checkpoint });
    return reply(calls.length);
  };
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const keeper = new LeaseKeeper({ renew } as LeaseApi, {
    renew_every_s,
    checkpoint: null,
    logger: silent,
    random: () => 0,
    onDirective: (directive) => directives.push(directive),
  });
  keepers.push(keeper);
  keeper.start();
  return { keeper, calls, directives };
}

const never = new AbortController().signal;
const away = () => Promise.reject(new UnreachableError('away'));

afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper.stop()));
});

describe('a lease keeper', () => {
  it('is good for one lease from when a renewal was sent, not from its answer', async () => {
    const slow = () => new Promise<Answer>((resolve) => setTimeout(() => resolve(renewed()), 400));
    // The lease is 300 ms long.
    const { keeper } = keeperOf((call) => (call === 1 ? slow() : away()), 0.1);
    expect(await keeper.granted(never)).toBeNull();
    expect(keeper.good).toBe(false);
  });

  it('is not ended by silence, however long, and is good again with the next answer', async () => {
    let back = false;
    const { keeper } = keeperOf((call) => (call === 1 || back ? renewed() : away()));
    expect(await keeper.granted(never)).toBeNull();
    await waitUntil(() => !keeper.good, { what: 'the lease to be uncertain' });
    expect(keeper.fence).toBeNull();
    back = true;
    expect(await keeper.confirm(never)).toBeNull();
    expect(keeper.good).toBe(true);
  });

  it.each([
    ['409', answer(409, { code: 'stale_epoch' }), 'stale_epoch'],
    ['410', answer(410, { code: 'closed' }), 'closed'],
    ['423', answer(423, { code: 'held_by_other' }), 'held_by_other'],
    ['the directive terminate', renewed('terminate'), 'terminate'],
    ['it, whatever else is said', answer(200, { directive: 'terminate', renew_every_s: 0 }), 'terminate'],
  ])('is fenced by %s, and asks no more', async (_, reply, code) => {
    const { keeper, calls } = keeperOf(() => reply);
    expect(await keeper.confirm(never)).toMatchObject({ code });
    expect(keeper.fenced.aborted).toBe(true);
    await keeper.stop();
    expect(calls).toHaveLength(1);
  });

  it('confirms only by a renewal that was sent later', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const first = new Promise<Answer>((resolve) => {
      release = resolve;
    });
    const { keeper, calls } = keeperOf(
      (call) => (call === 1 ? first : answer(409, { code: 'stale_epoch' })),
      60,
    );
    const confirmed = keeper.confirm(never);
    release(renewed());
    expect(await confirmed).toMatchObject({ code: 'stale_epoch' });
    expect(calls).toHaveLength(2);
  });

  it('waits as long as the server asks', async () => {
    const { keeper, calls } = keeperOf((call) => (call === 1 ? answer(503, {}, 300) : renewed()));
    expect(await keeper.confirm(never)).toBeNull();
    expect((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(295);
  });

  it('sends its checkpoint, and passes on what concerns the agent', async () => {
    const { keeper, calls, directives } = keeperOf(() => renewed('quiet'));
    keeper.setCheckpoint({ branch: 'b' });
    await keeper.confirm(never);
    expect(calls.at(-1)?.checkpoint).toEqual({ branch: 'b' });
    expect(directives).toContain('quiet');
    expect(keeper.fence).toBeNull();
  });
});

describe('an answer', () => {
  it.each([
    [200, null, 'done'],
    [202, null, 'done'],
    [409, 'stale_epoch', 'over'],
    [403, 'not_holder', 'over'],
    [404, 'task_not_found', 'over'],
    [404, null, 'away'],
    [401, 'bad_token', 'away'],
    [401, 'token_revoked', 'over'],
    [403, 'wrong_task', 'refused'],
    [422, 'invalid', 'refused'],
    [429, null, 'away'],
    [503, 'no_worker', 'away'],
  ])('%s %s means %s', (status, code, verdict) => {
    expect(verdictOf({ status, code })).toBe(verdict);
  });
});

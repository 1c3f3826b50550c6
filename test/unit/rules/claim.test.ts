import { describe, expect, it } from '@jest/globals';
import { assign, checkAssign, checkClaim, grant, grantOf, voidClaim } from '../../../workflows/rules/claim';
import { lapse } from '../../../workflows/rules/lease';
import { complete, running } from '../../../workflows/rules/receipt';
import { claimBy, completion, created, held, T0 } from '../../helpers/task-state';

const assignTo = (holder: 'host:h' | 'agent:a', over = {}) => ({
  message_id: 'm',
  holder,
  reason: null,
  by: 'coordinator',
  not_after: Number.MAX_SAFE_INTEGER,
  ...over,
});

describe('a claim', () => {
  it.each([
    ['an agent on an undecided task', created(), claimBy('agent:a'), null],
    ['a host on an undecided task', created(), claimBy('host:h'), null],
    ['an agent that lacks a capability', created(), claimBy('agent:a', { capabilities: [] }), 'not_capable'],
    [
      'an agent that wrote what is reviewed',
      created({ not_by: ['agent:a'] }),
      claimBy('agent:a'),
      'wrote_it',
    ],
    ['an agent that did not', created({ not_by: ['agent:b', 'host:a'] }), claimBy('agent:a'), null],
    ['an agent on a task that is held', held('agent:b'), claimBy('agent:a'), 'not_claimable'],
    ['the same request again', held('agent:a'), claimBy('agent:a', { not_after: 0 }), null],
    [
      'another request of the holder',
      held('agent:a'),
      claimBy('agent:a', { request_id: 'x' }),
      'not_claimable',
    ],
    ['a claim whose caller has given up', created(), claimBy('agent:a', { not_after: T0 - 1 }), 'too_late'],
    [
      'an agent on an explicit ssh_cli task',
      created({ execution_mode: 'ssh_cli' }),
      claimBy('agent:a'),
      'wrong_mode',
    ],
    [
      'a host on an explicit http_pull task',
      created({ execution_mode: 'http_pull' }),
      claimBy('host:h'),
      'wrong_mode',
    ],
    [
      'a task assigned to another',
      assign(created(), assignTo('agent:a'), T0),
      claimBy('agent:b'),
      'assigned_to_other',
    ],
    [
      'a closed task',
      complete(held(), completion(), T0, 0).state,
      claimBy('agent:a', { request_id: 'x' }),
      'not_claimable',
    ],
  ])('by %s', (_, state, claim, expected) => {
    expect(checkClaim(state, claim, T0)).toBe(expected);
  });

  it('is refused once voided, whichever came first', () => {
    const message = { request_id: 'request-agent:a', holder: 'agent:a' } as const;
    expect(checkClaim(voidClaim(created(), message, T0), claimBy('agent:a'), T0)).toBe('voided');
    const after = voidClaim(held('agent:a'), message, T0);
    expect(after).toMatchObject({
      status: 'created',
      lease: null,
      epoch: 2,
      claimable_since: T0,
      retry_count: 0,
      attempts: [{ outcome: 'claim given up' }],
    });
    expect(checkClaim(after, claimBy('agent:a'), T0)).toBe('voided');
    expect(checkClaim(after, claimBy('agent:b'), T0)).toBeNull();
  });

  it('decides the mode by the kind of the holder and raises the epoch', () => {
    expect(grant(created(), claimBy('agent:a'), T0)).toMatchObject({
      epoch: 1,
      status: 'assigned',
      execution_mode: 'http_pull',
      claimable_since: null,
    });
    expect(grant(created(), claimBy('host:h'), T0)).toMatchObject({
      execution_mode: 'ssh_cli',
      lease: { run: 'starting' },
    });
    expect(grantOf(held('agent:a', { first_epoch: 8 })).epoch).toBe(8);
  });

  it('takes over a lapsed lease and charges the holder that had renewed', () => {
    const lapsed = lapse(running(held(), T0), { epoch: 1, n: 1, heartbeat: null }, T0 + 60_000);
    const taken = grant(lapsed, claimBy('agent:b'), T0 + 60_001);
    expect(taken).toMatchObject({ epoch: 2, retry_count: 1, lease: { holder: 'agent:b' } });
    expect(taken.attempts.map((a) => a.outcome)).toEqual(['lost', null]);
  });

  it('does not charge a claim that was never renewed', () => {
    const lapsed = lapse(held(), { epoch: 1, n: 1, heartbeat: null }, T0 + 60_000);
    expect(grant(lapsed, claimBy('agent:b'), T0 + 60_001)).toMatchObject({ epoch: 2, retry_count: 0 });
  });
});

describe('a claim after an outage', () => {
  const lapsed = lapse(running(held(), T0), { epoch: 1, n: 1, heartbeat: null }, T0 + 90_000);
  const since = (reachable_since: number) => claimBy('agent:b', { reachable_since });

  it('leaves the holder of a lapsed lease one lease length to come back', () => {
    expect(checkClaim(lapsed, since(T0 + 90_000), T0 + 90_001)).toBe('holder_may_return');
    expect(checkClaim(lapsed, since(T0 + 90_000), T0 + 150_000)).toBeNull();
    expect(checkClaim(lapsed, since(T0), T0 + 90_001)).toBeNull();
  });

  it('does not wait where nobody could come back', () => {
    expect(checkClaim(created(), since(T0), T0)).toBeNull();
  });
});

describe('an assignment', () => {
  it('is possible in status created only', () => {
    expect(checkAssign(created(), assignTo('agent:a'), T0)).toBeNull();
    expect(checkAssign(held(), assignTo('agent:a'), T0)).toBe('not_created');
    expect(checkAssign(created({ not_by: ['agent:a'] }), assignTo('agent:a'), T0)).toBe('wrote_it');
    expect(checkAssign(complete(held(), completion(), T0, 0).state, assignTo('agent:a'), T0)).toBe(
      'not_created',
    );
    expect(checkAssign(created(), assignTo('agent:a', { not_after: T0 - 1 }), T0)).toBe('too_late');
  });

  it('lets the mode follow the holder, also over an explicit mode', () => {
    const assigned = assign(created({ execution_mode: 'http_pull' }), assignTo('host:h'), T0);
    expect(assigned).toMatchObject({ status: 'assigned', execution_mode: 'ssh_cli', claimable_since: T0 });
    expect(checkClaim(assigned, claimBy('host:h', { capabilities: [] }), T0)).toBeNull();
  });

  it('fences a holder whose lease had lapsed', () => {
    const lapsed = lapse(running(held(), T0), { epoch: 1, n: 1, heartbeat: null }, T0 + 60_000);
    expect(assign(lapsed, assignTo('agent:a'), T0 + 60_001)).toMatchObject({
      epoch: 2,
      lease: null,
      retry_count: 1,
    });
  });
});

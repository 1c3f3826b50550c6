import { describe, expect, it } from '@jest/globals';
import { applyDue, nextDeadline } from '../../../workflows/rules/deadlines';
import { checkRenew, lapse, rearm } from '../../../workflows/rules/lease';
import { complete, running } from '../../../workflows/rules/receipt';
import { completion, held, T0 } from '../../helpers/task-state';

const LEASE = 60_000;
const heartbeat = (at: number) => ({ at, progress: null, checkpoint: { branch: 'wip', commit: 'abcdef1' } });

describe('an expired lease', () => {
  const lapsed = lapse(held(), { epoch: 1, n: 1, heartbeat: heartbeat(T0 + 10) }, T0 + LEASE + 10);

  it('frees the task, keeps the epoch and the checkpoint', () => {
    expect(lapsed).toMatchObject({
      status: 'created',
      execution_mode: 'undecided',
      epoch: 1,
      retry_count: 0,
      claimable_since: T0 + LEASE + 10,
      checkpoint: { branch: 'wip', commit: 'abcdef1' },
    });
  });

  it('can still be renewed by its holder, under the same epoch', () => {
    expect(checkRenew(lapsed, { epoch: 1, holder: 'agent:a', not_after: Infinity }, T0)).toBeNull();
    expect(rearm(lapsed, T0)).toMatchObject({
      status: 'running',
      execution_mode: 'http_pull',
      epoch: 1,
      claimable_since: null,
      lease: { n: 2, lapsed_at: null },
    });
  });

  it('still takes the receipt of its holder', () => {
    expect(complete(lapsed, completion(), T0, 0)).toMatchObject({
      outcome: { code: 'accepted' },
      state: { status: 'completed' },
    });
  });

  it('without a retry left waits one lease length, then fails the task', () => {
    const last = lapse(
      running(held('agent:a', { max_retries: 0 }), T0),
      { epoch: 1, n: 1, heartbeat: null },
      T0 + LEASE,
    );
    expect(last.claimable_since).toBeNull();
    expect(nextDeadline(last)).toEqual({ kind: 'lease_lost', at: T0 + 2 * LEASE });
    expect(rearm(last, T0 + LEASE + 1).status).toBe('running');
    expect(applyDue(last, T0 + 2 * LEASE, 0)).toMatchObject({
      status: 'failed',
      reason: { code: 'lease_lost' },
      epoch: 2,
    });
  });

  it('of an activity that was replaced changes nothing', () => {
    const again = rearm(lapsed, T0);
    expect(lapse(again, { epoch: 1, n: 1, heartbeat: null }, T0)).toBe(again);
    expect(lapse(again, { epoch: 9, n: 2, heartbeat: null }, T0)).toBe(again);
  });
});

describe('a renewal', () => {
  it.each([
    ['of the holder', { epoch: 1, holder: 'agent:a' as const }, null],
    ['of an older epoch', { epoch: 0, holder: 'agent:a' as const }, 'stale_epoch'],
    ['of another holder', { epoch: 1, holder: 'agent:b' as const }, 'held_by_other'],
    ['of another holder, of an older epoch', { epoch: 0, holder: 'agent:b' as const }, 'stale_epoch'],
  ])('%s', (_, request, expected) => {
    expect(checkRenew(held(), { ...request, not_after: Infinity }, T0)).toBe(expected);
  });

  it('whose caller has given up is too late', () => {
    expect(checkRenew(held(), { epoch: 1, holder: 'agent:a', not_after: T0 - 1 }, T0)).toBe('too_late');
  });
});

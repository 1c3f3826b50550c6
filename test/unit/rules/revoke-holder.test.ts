import { describe, expect, it } from '@jest/globals';
import { assign, checkClaim } from '../../../workflows/rules/claim';
import { lapse } from '../../../workflows/rules/lease';
import { complete, release, running } from '../../../workflows/rules/receipt';
import { revokeHolder } from '../../../workflows/rules/revoke-holder';
import type { RevokeMessage } from '../../../workflows/task/message-types';
import type { TaskState } from '../../../workflows/task/types';
import { claimBy, completion, created, held, receipt, T0 } from '../../helpers/task-state';

const revocation = (over: Partial<RevokeMessage> = {}): RevokeMessage => ({
  message_id: 'k',
  holder: 'agent:a',
  epoch: 1,
  by: 'ada',
  reason: null,
  checkpoint: null,
  ...over,
});
const beat = { at: T0, progress: null, checkpoint: null };
const lapsed = (state: TaskState, heartbeat: typeof beat | null = null) =>
  lapse(state, { epoch: 1, n: 1, heartbeat }, T0 + 1);
const assigned = assign(
  created(),
  { message_id: 'm', holder: 'agent:a', reason: null, by: 'c', not_after: Infinity },
  T0,
);
const over = complete(held(), completion(), T0, 0).state;

describe('the kill of a holder', () => {
  it.each<[string, TaskState, Partial<RevokeMessage>, 'ok' | 'stale_epoch' | 'closed']>([
    ['ends its attempt', held(), {}, 'ok'],
    ['ends one that runs', running(held(), T0), {}, 'ok'],
    ['ends one whose lease has lapsed', lapsed(held(), beat), {}, 'ok'],
    ['ends the last one there is a retry for', lapsed(held('agent:a', { max_retries: 0 }), beat), {}, 'ok'],
    ['leaves that of another', held('agent:b'), {}, 'stale_epoch'],
    ['leaves a later one', held(), { epoch: 0 }, 'stale_epoch'],
    ['leaves a lease when only an assignment is meant', held(), { epoch: null }, 'stale_epoch'],
    ['leaves what nobody holds', created(), {}, 'stale_epoch'],
    ['leaves what is over', over, {}, 'closed'],
  ])('%s', (_, state, message, code) => {
    const step = revokeHolder(state, revocation(message), T0 + 2);
    expect(step.outcome.code).toBe(code);
    if (code !== 'ok') return expect(step.state).toBe(state);
    expect(step.state).toMatchObject({ status: 'created', epoch: 2, lease: null, retry_count: 0 });
    expect(step.state.claimable_since).toBe(T0 + 2);
    expect(step.state.attempts.at(-1)).toMatchObject({
      outcome: 'killed',
      ended_at: T0 + 2,
      failure: { code: 'holder_killed' },
    });
    expect(checkClaim(step.state, claimBy('agent:b'), T0 + 2)).toBeNull();
  });

  it('keeps how far it came, and quarantines what it hands in later', () => {
    const { state } = revokeHolder(held(), revocation({ checkpoint: { branch: 'wip' } }), T0);
    expect(state.checkpoint).toEqual({ branch: 'wip' });
    expect(complete(state, completion({ receipt: receipt() }), T0, 0)).toMatchObject({
      outcome: { code: 'stale_epoch' },
      state: { quarantine: [{ holder: 'agent:a' }] },
    });
    expect(release(state, { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null }, T0).state).toBe(
      state,
    );
  });

  it.each([null, 1])('undoes an assignment that it has not taken up (epoch %s)', (epoch) => {
    const { state } = revokeHolder(assigned, revocation({ epoch }), T0);
    expect(state).toMatchObject({ status: 'created', assigned: null, execution_mode: 'undecided' });
    expect(revokeHolder(assigned, revocation({ holder: 'agent:b' }), T0).state).toBe(assigned);
  });

  it('has the run of a host stopped and seen dead before others get the task', () => {
    const { state } = revokeHolder(held('host:h'), revocation({ holder: 'host:h' }), T0);
    expect(state).toMatchObject({ stops: [{ holder: 'host:h', epoch: 1 }], claimable_since: null });
  });
});

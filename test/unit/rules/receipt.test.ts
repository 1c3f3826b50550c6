import { describe, expect, it } from '@jest/globals';
import { stopped } from '../../../workflows/rules/attempt';
import { assign, grant } from '../../../workflows/rules/claim';
import { nextDeadline } from '../../../workflows/rules/deadlines';
import { lapse } from '../../../workflows/rules/lease';
import { complete, release, reportStatus, running } from '../../../workflows/rules/receipt';
import { cancel, review } from '../../../workflows/rules/review';
import { runEnded, runFailed, runStarted } from '../../../workflows/rules/run';
import type { CompleteMessage } from '../../../workflows/task/message-types';
import type { TaskState } from '../../../workflows/task/types';
import { claimBy, completion, created, held, receipt, T0 } from '../../helpers/task-state';

const status = (over = {}) => ({
  message_id: 's',
  epoch: 1,
  holder: 'agent:a',
  status: 'running' as const,
  message: null,
  ...over,
});
const verdict = (v: 'approved' | 'rejected') => ({
  message_id: 'v',
  verdict: v,
  findings: [{ message: 'a finding' }],
  confidence: null,
  by: 'reviewer',
});
const cancellation = { message_id: 'x', reason: null, by: 'admin' };
const closed = complete(held(), completion(), T0, 0).state;

describe('a receipt', () => {
  it.each([
    ['of the holder', held(), {}, 'accepted', 'completed'],
    ['that says failed', held(), { receipt: receipt({ status: 'failed' }) }, 'accepted', 'created'],
    [
      'of an older epoch',
      held('agent:b', { first_epoch: 5 }),
      { holder: 'agent:a' },
      'stale_epoch',
      'assigned',
    ],
    ['of another agent under the same epoch', held('agent:b'), {}, 'not_holder', 'assigned'],
    ['of an agent for a run on a host', held('host:h'), {}, 'managed_by_orchestrator', 'assigned'],
    [
      'for an explicit ssh_cli task',
      created({ execution_mode: 'ssh_cli' }),
      {},
      'managed_by_orchestrator',
      'created',
    ],
    ['for a task nobody holds', created(), {}, 'stale_epoch', 'created'],
    ['after the end', closed, { message_id: 'c2' }, 'closed', 'completed'],
    ['entered by a coordinator', held(), { manual: true, holder: 'coordinator' }, 'accepted', 'completed'],
    [
      'entered by a coordinator after the end',
      closed,
      { manual: true, message_id: 'c2' },
      'closed',
      'completed',
    ],
  ])('%s', (_, state, over, code, next) => {
    const step = complete(state, completion(over), T0, 0);
    expect(step.outcome.code).toBe(code);
    expect(step.state.status).toBe(next);
    const late = code === 'stale_epoch' || code === 'closed';
    expect(step.state.quarantine).toHaveLength(late ? 1 : 0);
    expect(step.outcome.quarantine_id).toBe(step.state.quarantine[0]?.id);
  });

  it('goes to review first where that is required, and a second one is stale by then', () => {
    const first = complete(held('agent:a', { review: 'required' }), completion(), T0, 0).state;
    expect(first).toMatchObject({ status: 'review_pending', review_since: T0, lease: null });
    expect(complete(first, completion({ message_id: 'c2' }), T0, 0).outcome.code).toBe('stale_epoch');
  });

  it('fences and stops the run of a host when a coordinator enters it', () => {
    const step = complete(held('host:h'), completion({ manual: true }), T0, 0).state;
    expect(step).toMatchObject({
      status: 'assigned',
      closing: { status: 'completed' },
      epoch: 2,
      receipt: { manual: true },
    });
    const stop = step.stops[0];
    expect(stopped(step, stop?.attempt_id ?? '', 'seen dead', T0)).toMatchObject({
      status: 'completed',
      stops: [],
    });
  });
});

describe('a failed attempt', () => {
  it('is tried again after a back-off while retries are left', () => {
    const first = reportStatus(held(), status({ status: 'failed' }), T0, 0).state;
    expect(first).toMatchObject({
      status: 'created',
      retry_count: 1,
      not_before: T0 + 50,
      claimable_since: null,
    });
  });

  it('fails the task when none is left', () => {
    const last = reportStatus(held('agent:a', { max_retries: 0 }), status({ status: 'failed' }), T0, 0).state;
    expect(last).toMatchObject({ status: 'failed', reason: { code: 'agent_failed' } });
  });

  it('is not charged for want of a slot', () => {
    const failure = { code: 'slots_full', message: 'no slot' };
    const freed = runFailed(held('host:h'), 1, failure, T0, { random: 0, mayRun: false });
    expect(freed).toMatchObject({ status: 'created', retry_count: 0, stops: [] });
  });

  it('that may still run is stopped before anybody else may start', () => {
    const failure = { code: 'start_failed', message: 'worker died' };
    const state = runFailed(held('host:h'), 1, failure, T0, { random: 0, mayRun: true });
    expect(state).toMatchObject({ claimable_since: null, retry_count: 1, epoch: 2 });
    expect(state.stops).toHaveLength(1);
  });
});

describe('a run on a host', () => {
  it('makes the task run once the process is seen, and complete with its receipt', () => {
    const started = runStarted(held('host:h'), 1, T0);
    expect(started).toMatchObject({ status: 'running', lease: { run: 'following' } });
    const outcome = {
      receipt: receipt(),
      failure: null,
      exit_code: 0,
      duration_ms: 1,
      output_ref: 'o',
      checkpoint: null,
    };
    expect(runEnded(started, 1, outcome, T0, 0)).toMatchObject({
      status: 'completed',
      receipt: { output_ref: 'o', manual: false },
    });
  });

  it('that was revoked changes nothing any more', () => {
    const state = cancel(held('host:h'), cancellation, T0).state;
    expect(runStarted(state, 1, T0)).toBe(state);
  });
});

describe('a release', () => {
  it('gives the task back at once, with its checkpoint, uncharged, and fences', () => {
    const message = { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: { branch: 'wip' } };
    expect(release(held(), message, T0).state).toMatchObject({
      status: 'created',
      epoch: 2,
      retry_count: 0,
      claimable_since: T0,
      checkpoint: { branch: 'wip' },
    });
  });
});

describe('a review', () => {
  const pending = (max_retries: number) =>
    complete(held('agent:a', { review: 'required', max_retries }), completion(), T0, 0).state;

  it('completes the task when it approves', () => {
    expect(review(pending(1), verdict('approved'), T0).state).toMatchObject({
      status: 'completed',
      receipt: { summary: 'done' },
    });
  });

  it('that rejects begins another round with the findings, up to the limit', () => {
    expect(review(pending(1), verdict('rejected'), T0).state).toMatchObject({
      status: 'created',
      review_count: 1,
      findings: [{ message: 'a finding' }],
      handed_in: { summary: expect.any(String), artifacts: expect.any(Object) },
      receipt: null,
    });
    expect(review(pending(0), verdict('rejected'), T0).state).toMatchObject({
      status: 'failed',
      reason: { code: 'review_limit' },
    });
  });

  it('without a receipt to review is refused', () => {
    expect(review(held(), verdict('approved'), T0).outcome.code).toBe('wrong_status');
  });
});

describe('a cancellation', () => {
  it('ends a pull task at once and fences its holder', () => {
    expect(cancel(held(), cancellation, T0).state).toMatchObject({
      status: 'cancelled',
      epoch: 2,
      lease: null,
      closed_at: T0,
    });
  });

  it('ends a task on a host only when the run is seen dead', () => {
    const stopping = cancel(held('host:h'), cancellation, T0).state;
    expect(stopping).toMatchObject({ status: 'assigned', closing: { status: 'cancelled' }, closed_at: null });
    expect(stopped(stopping, stopping.stops[0]?.attempt_id ?? '', 'dead', T0 + 5)).toMatchObject({
      status: 'cancelled',
      closed_at: T0 + 5,
    });
  });

  it('of a closed task changes nothing', () => {
    expect(cancel(closed, cancellation, T0).outcome.code).toBe('closed');
  });
});

describe('a receipt that a person accepted in quarantine', () => {
  const adopted = completion({ message_id: 'q', holder: 'carol', manual: true, adopt: true });
  const lapsed = lapse(running(held(), T0), { epoch: 1, n: 1, heartbeat: null }, T0);
  const released = release(
    held(),
    { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null },
    T0,
  ).state;
  const over = { review: 'required' as const, max_retries: 3 };
  const sentBack = review(
    complete(held('agent:a', over), completion(), T0, 0).state,
    verdict('rejected'),
    T0,
  ).state;
  const nextRound = release(
    grant(sentBack, claimBy('agent:b'), T0),
    { message_id: 'r', epoch: 2, holder: 'agent:b', checkpoint: null },
    T0,
  ).state;
  const assigned = assign(
    released,
    { message_id: 'a', holder: 'agent:b', reason: null, by: 'x', not_after: Infinity },
    T0,
  );
  const failed = receipt({ status: 'failed' });

  it.each<[string, TaskState, Partial<CompleteMessage>, string]>([
    ['whose holder gave the task back', released, {}, 'completed'],
    ['whose holder was silent', lapsed, {}, 'completed'],
    ['that nobody has taken up since it was assigned', assigned, {}, 'completed'],
    ['in the next review round, of that round', nextRound, { epoch: 2 }, 'review_pending'],
    ['in the next review round, of the one before', nextRound, { epoch: 1 }, 'created'],
    ['that is held', held(), {}, 'assigned'],
    ['that is held by a host', held('host:h'), {}, 'assigned'],
    [
      'that waits for its review',
      complete(held('agent:a', over), completion(), T0, 0).state,
      {},
      'review_pending',
    ],
    ['that is closed', closed, {}, 'completed'],
    ['that was started again', created({ first_epoch: 2 }), {}, 'created'],
    ['of a failure', released, { receipt: failed }, 'created'],
  ])('for a task %s', (_, state, over, status) => {
    const step = complete(state, { ...adopted, ...over }, T0, 0);
    expect(step.state.status).toBe(status);
    const isAdopted = step.state !== state;
    expect(step.outcome.code).toBe(isAdopted ? 'accepted' : 'wrong_status');
    if (isAdopted) {
      expect(step.state).toMatchObject({ receipt: { manual: true }, lease: null, assigned: null });
      expect(step.state.epoch).toBeGreaterThan(state.epoch);
    }
  });

  it('is accepted once', () => {
    const open = release(
      held('agent:a', over),
      { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null },
      T0,
    );
    const first = complete(open.state, adopted, T0, 0).state;
    expect(first).toMatchObject({ status: 'review_pending', receipt: { manual: true } });
    const again = review(first, verdict('rejected'), T0).state;
    expect(complete(again, { ...adopted, message_id: 'q2' }, T0, 0)).toEqual({
      state: again,
      outcome: { code: 'wrong_status', message: 'a newer receipt was accepted' },
    });
  });
});

it('a receipt entered by hand ends an assignment: it is not taken back while its review is awaited', () => {
  const assigned = assign(
    created({ review: 'required' }),
    { message_id: 'a', holder: 'agent:b', reason: null, by: 'x', not_after: Infinity },
    T0,
  );
  const pending = complete(assigned, completion({ manual: true }), T0, 0).state;
  expect(pending).toMatchObject({ status: 'review_pending', assigned: null });
  expect(nextDeadline(pending)).toBeNull();
});

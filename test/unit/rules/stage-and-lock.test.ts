import { describe, expect, it } from '@jest/globals';
import type { RunStage } from '../../../contracts/task';
import { checkClaim, voidClaim } from '../../../workflows/rules/claim';
import { applyDue, nextDeadline } from '../../../workflows/rules/deadlines';
import { lapse } from '../../../workflows/rules/lease';
import {
  askLock,
  dropLock,
  LOCK_RETRY_MS,
  lockFreed,
  lockRefused,
  lockTaken,
  needsLock,
} from '../../../workflows/rules/lock';
import { complete, release, reportStatus } from '../../../workflows/rules/receipt';
import { cancel } from '../../../workflows/rules/review';
import { mayReach } from '../../../workflows/rules/stage';
import { taskView } from '../../../workflows/rules/view';
import type { StatusMessage } from '../../../workflows/task/message-types';
import type { TaskState } from '../../../workflows/task/types';
import { claimBy, completion, created, held, T0 } from '../../helpers/task-state';

const message = (over: Partial<StatusMessage> = {}): StatusMessage => ({
  message_id: 'm',
  epoch: 1,
  holder: 'agent:a',
  status: 'running',
  message: null,
  ...over,
});

describe('stages', () => {
  const lawful: Record<string, RunStage[]> = {
    start: ['building', 'review', 'testing', 'blocked'],
    building: ['building', 'review', 'testing', 'blocked'],
    review: ['building', 'review', 'testing', 'blocked'],
    testing: ['building', 'testing', 'blocked'],
    blocked: ['building', 'review', 'testing', 'blocked'],
  };
  it.each(Object.entries(lawful))('after %s: %j', (from, to) => {
    const before = from === 'start' ? null : (from as RunStage);
    expect(lawful.start?.filter((stage) => mayReach(before, stage))).toEqual(to);
  });

  it('are kept with the lease, noted once, and shown', () => {
    let { state } = reportStatus(held(), message({ stage: 'building', checkpoint: { branch: 'b' } }), T0, 0);
    const again = reportStatus(state, message({ stage: 'building', checkpoint: { branch: 'b' } }), T0, 0);
    expect(again.state).toBe(state);
    state = reportStatus(
      state,
      message({ stage: 'blocked', checkpoint: { commit: 'abcdef0' } }),
      T0,
      0,
    ).state;
    expect(state.events.filter(({ type }) => type === 'stage').map((e) => e.message)).toEqual([
      'building',
      'blocked',
    ]);
    expect(taskView(state)).toMatchObject({
      status: 'running',
      lease: { stage: 'blocked' },
      checkpoint: { branch: 'b', commit: 'abcdef0' },
    });
  });

  it('that may not follow change nothing', () => {
    const { state } = reportStatus(held(), message({ stage: 'testing' }), T0, 0);
    const step = reportStatus(state, message({ stage: 'review' }), T0, 0);
    expect(step).toEqual({ state, outcome: { code: 'illegal_stage', message: expect.any(String) } });
  });

  it('a final failure ends the task whatever retries are left', () => {
    const step = reportStatus(
      held(),
      message({ status: 'failed', final: true, checkpoint: { branch: 'b' } }),
      T0,
      0,
    );
    expect(step.state).toMatchObject({
      status: 'failed',
      lease: null,
      retry_count: 0,
      checkpoint: { branch: 'b' },
    });
  });
});

const locked = () => created({ lock: 'k' });
const asked = () => askLock(locked(), claimBy('agent:a'));
const key = 'request-agent:a';
const has = () => lockTaken(asked(), key, T0);

describe('a lock', () => {
  it('is needed by tasks that name one, until it is taken', () => {
    expect(needsLock(created())).toBe(false);
    expect(needsLock(locked())).toBe(true);
    expect(needsLock(asked())).toBe(false);
    expect(needsLock(has())).toBe(false);
  });

  it('that is asked for keeps others from claiming', () => {
    expect(checkClaim(asked(), claimBy('agent:b'), T0)).toBe('locked');
    expect(dropLock(asked())).toEqual(asked());
  });

  it('that is taken grants the claim in the same step', () => {
    expect(has()).toMatchObject({ lock: { key, claim: null }, lease: { holder: 'agent:a', epoch: 1 } });
    expect(dropLock(has())).toEqual(has());
  });

  it.each<[string, (s: TaskState) => TaskState]>([
    ['the claim was given up', (s) => voidClaim(s, { request_id: key, holder: 'agent:a' }, T0)],
    ['the task was cancelled', (s) => cancel(s, { message_id: 'c', reason: null, by: 'x' }, T0).state],
  ])('that comes after %s is given back', (_, happened) => {
    const state = dropLock(lockTaken(happened(asked()), key, T0 + 5));
    expect(state).toMatchObject({ lock: null, lease: null });
    // Boards dropped the task when it was claimed: they hear of it again.
    if (state.status === 'created') expect(state.claimable_since).toBe(T0 + 5);
  });

  it('that comes too late for the caller is given back', () => {
    const late = askLock(locked(), claimBy('agent:a', { not_after: T0 }));
    expect(dropLock(lockTaken(late, key, T0 + 1))).toMatchObject({
      lock: null,
      lease: null,
      claimable_since: T0 + 1,
    });
  });

  it('of another keeps the task off the board until it is free, or for a while', () => {
    const waiting = lockRefused(asked(), key, true, T0);
    expect(waiting).toMatchObject({
      status: 'created',
      claimable_since: null,
      not_before: T0 + LOCK_RETRY_MS,
    });
    expect(lockFreed(waiting, T0 + 7)).toMatchObject({ claimable_since: T0 + 7, not_before: null });
    expect(nextDeadline(waiting)).toEqual({ kind: 'claimable', at: T0 + LOCK_RETRY_MS });
    expect(applyDue(waiting, T0 + LOCK_RETRY_MS, 0).claimable_since).toBe(T0 + LOCK_RETRY_MS);
    expect(lockRefused(asked(), key, false, T0 + 3)).toMatchObject({
      claimable_since: T0 + 3,
      not_before: null,
    });
  });

  it('that gets free cuts no back-off short', () => {
    const failed = reportStatus(held('agent:a', { lock: 'k' }), message({ status: 'failed' }), T0, 0).state;
    expect(failed.not_before).not.toBeNull();
    expect(lockFreed(failed, T0)).toBe(failed);
  });

  it.each<[string, (s: TaskState) => TaskState]>([
    ['shipped', (s) => complete(s, completion(), T0, 0).state],
    ['failed', (s) => reportStatus(s, message({ status: 'failed' }), T0, 0).state],
    [
      'given back',
      (s) => release(s, { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null }, T0).state,
    ],
    ['cancelled', (s) => cancel(s, { message_id: 'c', reason: null, by: 'x' }, T0).state],
  ])('is free once the attempt is %s', (_, happened) => {
    expect(dropLock(happened(has())).lock).toBeNull();
  });

  it('is kept until a stopped run is seen dead', () => {
    const onHost = lockTaken(askLock(locked(), claimBy('host:h')), 'request-host:h', T0);
    const stopping = cancel(onHost, { message_id: 'c', reason: null, by: 'x' }, T0).state;
    expect(dropLock(stopping).lock).not.toBeNull();
    expect(dropLock({ ...stopping, stops: [] }).lock).toBeNull();
  });

  it('is kept by a lease that lapsed, while it may be renewed, and no longer than its run may last', () => {
    const lapsed = lapse(has(), { epoch: 1, n: 1, heartbeat: null }, T0 + 60_000);
    expect(dropLock(lapsed).lock).not.toBeNull();
    expect(nextDeadline(lapsed)).toEqual({ kind: 'lock_timeout', at: T0 + 3_600_000 });
    const over = dropLock(applyDue(lapsed, T0 + 3_600_000, 0));
    expect(over).toMatchObject({ lock: null, lease: null, epoch: 2, status: 'created', retry_count: 0 });
    expect(over.claimable_since).not.toBeNull();
  });
});

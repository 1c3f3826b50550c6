import { describe, expect, it } from '@jest/globals';
import { grant } from '../../../workflows/rules/claim';
import { nextDeadline } from '../../../workflows/rules/deadlines';
import { hearForge } from '../../../workflows/rules/pull';
import { complete, release, reportStatus } from '../../../workflows/rules/receipt';
import { cancel, review, reviewInTime } from '../../../workflows/rules/review';
import { sentence, taskView } from '../../../workflows/rules/view';
import type { TaskInput, TaskState } from '../../../workflows/task/types';
import { fromForge, heard, opened, sha, verdict } from '../../helpers/forge-task';
import { taskInput } from '../../helpers/task-input';
import { claimBy, completion, created, held, receipt, T0 } from '../../helpers/task-state';

const LIMITED = { timeouts: { ...taskInput().timeouts, review_wait_ms: 5_000 } };
const hear = (state: TaskState, message = opened()) => hearForge(state, message, T0).state;
const say = (state: TaskState, said: 'approved' | 'rejected', over = {}) =>
  review(state, verdict(said, over), T0).state;
const atWork = (over: Partial<TaskInput> = {}) => hear(held('agent:a', fromForge(over)));
const handIn = (state: TaskState) =>
  reviewInTime(complete(state, completion({ epoch: state.epoch }), T0, 0).state, T0);
const pushed = heard({ head_sha: sha('b'), updated_at: 200 });

describe('an approval', () => {
  it('completes a task that has no pull request', () => {
    const state = complete(held('agent:a', fromForge()), completion(), T0, 0).state;
    expect(say(state, 'approved').status).toBe('completed');
  });

  it('of a pull request waits for the merge, without a limit for the verdict', () => {
    const waiting = handIn(atWork(LIMITED));
    expect(nextDeadline(waiting)).toEqual({ at: T0 + 5_000, kind: 'review_timeout' });
    const approved = say(waiting, 'approved');
    expect(approved).toMatchObject({ status: 'review_pending', pull: { approved: true } });
    expect(nextDeadline(approved)).toBeNull();
    expect(taskView(approved).pull).toEqual({
      number: 7,
      url: 'https://forge.test/org/repo/pulls/7',
      state: 'open',
      approved: true,
    });
    expect(sentence(approved)).toBe('Approved; waiting for the merge of pull request 7.');
    expect(hear(approved, heard({ state: 'merged' })).status).toBe('completed');
  });

  it('is void after a push: a verdict is waited for again', () => {
    const state = hear(say(handIn(atWork(LIMITED)), 'approved'), pushed);
    expect(state).toMatchObject({ status: 'review_pending', review_since: T0, pull: { approved: false } });
    expect(nextDeadline(state)?.kind).toBe('review_timeout');
  });

  it('is kept by news of the same commit', () => {
    const state = hear(say(handIn(atWork()), 'approved'), heard({ updated_at: 300 }));
    expect(state).toMatchObject({ review_since: null, pull: { approved: true } });
  });

  it('may be taken back', () => {
    const state = say(say(handIn(atWork()), 'approved'), 'rejected');
    expect(state).toMatchObject({ status: 'created', review_count: 1, pull: { approved: false } });
  });

  it('that comes early counts when the attempt ends', () => {
    const state = handIn(say(atWork(), 'approved'));
    expect(state).toMatchObject({ status: 'review_pending', review_since: null, pull: { approved: true } });
  });
});

describe('a rejection', () => {
  it('leads to another attempt with the findings, up to max_retries', () => {
    let state = handIn(atWork({ max_retries: 1 }));
    state = say(state, 'rejected');
    expect(state).toMatchObject({ status: 'created', execution_mode: 'undecided', review_count: 1 });
    state = hear(grant(state, claimBy('agent:b'), T0), pushed);
    expect(state.findings).toHaveLength(1);
    const second = completion({ epoch: 2, holder: 'agent:b' });
    state = say(complete(state, second, T0, 0).state, 'rejected');
    expect(state).toMatchObject({ status: 'failed', reason: { code: 'review_limit' }, review_count: 2 });
  });

  it('beyond the limit fails the task', () => {
    const state = say(handIn(atWork({ max_retries: 0 })), 'rejected');
    expect(state).toMatchObject({ status: 'failed', reason: { code: 'review_limit' } });
  });

  it.each<[string, (state: TaskState) => TaskState, object]>([
    ['a receipt', handIn, { status: 'created', review_count: 1, findings: [{ message: 'Off by 1' }] }],
    [
      'a release',
      (s) =>
        reviewInTime(
          release(s, { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null }, T0).state,
          T0,
        ),
      { status: 'created', review_count: 1, findings: [{ message: 'Off by 1' }] },
    ],
    [
      'a push and a receipt: it is about what is there no more',
      (s) => handIn(hear(s, pushed)),
      { status: 'review_pending', review_count: 0, findings: [] },
    ],
    [
      'a failure: the next attempt gets the findings',
      (s) =>
        reviewInTime(complete(s, completion({ receipt: receipt({ status: 'failed' }) }), T0, 0).state, T0),
      { status: 'created', review_count: 0, findings: [{ message: 'Off by 1' }] },
    ],
    [
      'an early approval by another',
      (s) => handIn(say(s, 'approved')),
      { status: 'review_pending', review_count: 0 },
    ],
    [
      'a cancellation',
      (s) => reviewInTime(cancel(s, { message_id: 'x', reason: null, by: 'x' }, T0).state, T0),
      { status: 'cancelled', findings: [] },
    ],
    [
      'the merge',
      (s) => reviewInTime(hear(s, heard({ state: 'merged' })), T0),
      { status: 'completed', findings: [] },
    ],
  ])('that comes early counts when the attempt ends, by %s', (_, end, expected) => {
    const early = say(atWork(), 'rejected');
    expect(early).toMatchObject({ status: 'assigned', review_count: 0, lease: { epoch: 1 } });
    expect(reviewInTime(early, T0)).toBe(early);
    expect(end(early)).toMatchObject(expected);
  });

  it('while nobody is at work gives its findings to the next attempt', () => {
    const free = reportStatus(
      atWork(),
      { message_id: 's', epoch: 1, holder: 'agent:a', status: 'failed', message: null },
      T0,
      0,
    ).state;
    expect(say(free, 'rejected')).toMatchObject({
      status: 'created',
      review_count: 0,
      findings: [{ message: 'Off by 1' }],
    });
  });

  it.each<[string, TaskState]>([
    ['nothing to judge', created(fromForge())],
    ['a holder at work', held('agent:a')],
  ])('of a task without a pull request and with %s is refused', (_, state) => {
    const step = review(state, verdict('rejected'), T0);
    expect(step).toMatchObject({ state, outcome: { code: 'wrong_status' } });
  });
});

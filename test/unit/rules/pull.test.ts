import { describe, expect, it } from '@jest/globals';
import { stopped } from '../../../workflows/rules/attempt';
import { assign, checkClaim, grant } from '../../../workflows/rules/claim';
import { applyDue, nextDeadline } from '../../../workflows/rules/deadlines';
import { lapse, rearm } from '../../../workflows/rules/lease';
import { hearForge } from '../../../workflows/rules/pull';
import { complete, release, reportStatus } from '../../../workflows/rules/receipt';
import { cancel, review } from '../../../workflows/rules/review';
import type { ForgeMessage } from '../../../workflows/task/message-types';
import type { TaskInput, TaskState } from '../../../workflows/task/types';
import { fromForge, heard, opened, pullFacts, sha, verdict } from '../../helpers/forge-task';
import { claimBy, completion, created, held, receipt, T0 } from '../../helpers/task-state';

const hear = (state: TaskState, ...messages: ForgeMessage[]) =>
  messages.reduce((s, m) => hearForge(s, m, T0).state, state);

const fresh = (over: Partial<TaskInput> = {}) => created(fromForge(over));
const atWork = (over: Partial<TaskInput> = {}) => held('agent:a', fromForge(over));
const onHost = () => held('host:h', fromForge());
const silent = (state: TaskState) =>
  lapse(state, { epoch: 1, n: 1, heartbeat: { at: T0, progress: null, checkpoint: null } }, T0);
const failed = () => complete(atWork(), completion({ receipt: receipt({ status: 'failed' }) }), T0, 0).state;
const failedWithPull = () =>
  complete(hear(atWork(), opened()), completion({ receipt: receipt({ status: 'failed' }) }), T0, 0).state;
const inReview = () => complete(atWork(), completion(), T0, 0).state;
const waiting = () => hear(inReview(), opened());
const assigned = () =>
  assign(
    release(atWork(), { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null }, T0).state,
    { message_id: 'a', holder: 'agent:b', reason: null, by: 'x', not_after: Infinity },
    T0,
  );
const ending = () => cancel(onHost(), { message_id: 'x', reason: null, by: 'admin' }, T0).state;
const done = () => cancel(fresh(), { message_id: 'x', reason: null, by: 'admin' }, T0).state;

const closedPull = heard({ state: 'closed' });
const mergedPull = heard({ state: 'merged' });

describe('a pull request', () => {
  it.each<[string, TaskState, ForgeMessage, TaskState['status'], string | null]>([
    ['opened before anybody worked', fresh(), opened(), 'created', null],
    ['opened while an agent holds the task', atWork(), opened(), 'assigned', null],
    ['opened while a host holds the task', onHost(), opened(), 'assigned', null],
    ['opened when nobody holds the task any more', failed(), opened(), 'review_pending', null],
    ['opened when another is to take it up', assigned(), opened(), 'review_pending', null],
    ['opened after the receipt', inReview(), opened(), 'review_pending', null],
    ['opened as the task ends', ending(), opened(), 'assigned', null],
    ['opened after the end', done(), opened(), 'cancelled', null],
    ['of which a push is the first news', failed(), heard(), 'review_pending', null],
    [
      'pushed to while in review',
      waiting(),
      heard({ head_sha: sha('b'), updated_at: 101 }),
      'review_pending',
      null,
    ],
    [
      'pushed to while nobody holds the task',
      failedWithPull(),
      heard({ head_sha: sha('b'), updated_at: 101 }),
      'created',
      null,
    ],
    ['merged before anybody worked', fresh(), mergedPull, 'completed', null],
    ['merged while an agent holds the task', atWork(), mergedPull, 'completed', null],
    ['merged after its holder went silent', silent(atWork()), mergedPull, 'completed', null],
    ['merged before the next attempt', failed(), mergedPull, 'completed', null],
    ['merged when another is to take it up', assigned(), mergedPull, 'completed', null],
    ['merged after the receipt', inReview(), mergedPull, 'completed', null],
    ['merged in review', waiting(), mergedPull, 'completed', null],
    ['merged after the end', done(), mergedPull, 'cancelled', null],
    ['closed before anybody worked', fresh(), closedPull, 'created', null],
    ['closed while an agent holds the task', atWork(), closedPull, 'cancelled', 'pull_closed'],
    ['closed before the next attempt', failed(), closedPull, 'cancelled', 'pull_closed'],
    ['closed in review', waiting(), closedPull, 'cancelled', 'pull_closed'],
    ['closed after the end', done(), closedPull, 'cancelled', 'cancelled'],
  ])('%s', (_, state, message, status, reason) => {
    const step = hearForge(state, message, T0);
    expect(step.state.status).toBe(status);
    expect(step.outcome.code).toBe(state.closed_at === null ? 'ok' : 'closed');
    if (reason) expect(step.state.reason?.code).toBe(reason);
    if (state.closed_at !== null) expect(step.state).toBe(state);
    else expect(step.state.pull).toEqual({ ...message.pull, approved: false });
  });

  it.each<[string, TaskState]>([
    ['an agent', atWork()],
    ['one that went silent', silent(atWork())],
  ])('that is merged fences %s, whose receipt is late then', (_, state) => {
    const next = hear(state, mergedPull);
    expect(next).toMatchObject({ lease: null, epoch: 2, reason: null });
    expect(next.attempts[0]).toMatchObject({ ended_at: T0, outcome: 'pull request 7 merged by alice' });
    expect(complete(next, completion(), T0, 0).outcome).toMatchObject({ code: 'closed' });
  });

  it('that is merged stops the run on a host before the task is done', () => {
    const next = hear(onHost(), mergedPull);
    expect(next).toMatchObject({ status: 'assigned', closing: { status: 'completed' } });
    const stop = next.stops[0]?.attempt_id ?? '';
    expect(stopped(next, stop, 'dead', T0)).toMatchObject({ status: 'completed', reason: null });
  });

  it('that is merged while the task is being cancelled completes it', () => {
    const next = hear(ending(), opened(), mergedPull);
    expect(next).toMatchObject({ closing: { status: 'completed', reason: null }, pull: { state: 'merged' } });
    expect(hear(next, heard({ state: 'closed', updated_at: 900 }), opened({ number: 9 }))).toEqual(next);
    expect(hear(ending(), closedPull).closing?.status).toBe('cancelled');
  });
});

describe('deliveries in any order', () => {
  const facts = (state: TaskState) => ({ status: state.status, pull: state.pull });

  it.each<[string, ForgeMessage[], object]>([
    [
      'an older push after a newer one',
      [
        opened(),
        heard({ head_sha: sha('c'), updated_at: 120 }),
        heard({ head_sha: sha('b'), updated_at: 110 }),
      ],
      { pull: { head_sha: sha('c') } },
    ],
    ['the opening after the merge', [mergedPull, opened({ updated_at: 50 })], { status: 'completed' }],
    ['the opening after the close', [closedPull, opened({ updated_at: 50 })], { status: 'cancelled' }],
    [
      'a merge that is older than an edit',
      [opened(), heard({ updated_at: 300 }), heard({ state: 'merged', updated_at: 200 })],
      { status: 'completed' },
    ],
    [
      'a close before the reopening, late',
      [opened({ updated_at: 300 }), heard({ state: 'closed', updated_at: 200 })],
      { pull: { state: 'open' } },
    ],
    [
      'the close of the one before, late',
      [opened({ number: 8, updated_at: 300 }), heard({ number: 7, state: 'closed', updated_at: 400 })],
      { pull: { number: 8, state: 'open' } },
    ],
    [
      'the opening of the one before, late',
      [opened({ number: 8, updated_at: 300 }), opened({ number: 7, updated_at: 200 })],
      { pull: { number: 8 } },
    ],
    [
      'a second one in the place of the first',
      [opened(), opened({ number: 8, head_sha: sha('b'), updated_at: 200 })],
      { pull: { number: 8, head_sha: sha('b'), approved: false } },
    ],
    [
      'a merge of another one of the same branch',
      [opened(), heard({ number: 6, state: 'merged', updated_at: 10 })],
      { status: 'completed' },
    ],
  ])('%s', (_, messages, expected) => {
    expect(facts(hear(atWork(), ...messages))).toMatchObject(expected);
  });

  it('keeps what was closed before anybody worked from coming to life by a late opening', () => {
    const state = hear(fresh(), closedPull, opened({ updated_at: 50 }));
    expect(facts(state)).toMatchObject({ status: 'created', pull: { state: 'closed' } });
  });

  it.each<[ForgeMessage, string]>([
    [mergedPull, 'assigned'],
    [closedPull, 'assigned'],
    [heard({ state: 'merged', updated_at: T0 + 5 }), 'completed'],
    [heard({ state: 'closed', updated_at: T0 + 5 }), 'cancelled'],
  ])('one from before a task was started again says nothing of it', (message, status) => {
    expect(hear(atWork({ first_epoch: 5 }), message).status).toBe(status);
  });

  it('one that is still open then counts', () => {
    expect(hear(atWork({ first_epoch: 5 }), opened()).pull?.number).toBe(7);
    expect(hear(atWork({ first_epoch: 5 }), opened(), mergedPull).status).toBe('completed');
  });

  it('a repeat changes nothing but the time of the last activity', () => {
    const once = hear(waiting(), opened());
    expect(hearForge(once, opened(), T0 + 9).state).toEqual({ ...once, last_activity_at: T0 + 9 });
  });

  it('a push to the branch is activity, and nothing more', () => {
    const push: ForgeMessage = { message_id: 'p', what: 'pushed', pull: null, by: 'alice' };
    const { state } = hearForge(atWork(), push, T0 + 9);
    expect(state).toMatchObject({ status: 'assigned', last_activity_at: T0 + 9 });
    expect(state.events.at(-1)).toMatchObject({ type: 'pushed', message: 'by alice' });
    expect(hearForge(done(), push, T0 + 9).outcome.code).toBe('closed');
  });
});

describe('an attempt that ends with an open pull request', () => {
  const withPull = (over = {}) => hear(atWork(over), opened());
  const pushed = heard({ head_sha: sha('b'), updated_at: 200 });
  /** The second round on a pull request that was sent back. */
  const secondRound = () => {
    const rejected = review(waiting(), verdict('rejected'), T0).state;
    return grant(rejected, claimBy('agent:b'), T0);
  };

  it('by a receipt goes to review, also where none is asked for', () => {
    for (const review of ['required', 'none'] as const) {
      const next = complete(withPull({ review }), completion(), T0, 0).state;
      expect(next).toMatchObject({ status: 'review_pending', review_since: T0, lease: null });
    }
  });

  it('by a release goes to review, and an older receipt cannot take its place', () => {
    const next = release(
      withPull(),
      { message_id: 'r', epoch: 1, holder: 'agent:a', checkpoint: null },
      T0,
    ).state;
    expect(next).toMatchObject({
      status: 'review_pending',
      receipt: null,
      retry_count: 0,
      checkpoint: { branch: 'task/org-repo-1', commit: sha('a') },
    });
    const late = completion({ manual: true, adopt: true, holder: 'carol' });
    expect(complete(next, late, T0, 0).outcome.code).toBe('wrong_status');
    const again = review(next, verdict('rejected'), T0).state;
    expect(complete(again, late, T0, 0).outcome.message).toBe('a newer receipt was accepted');
    expect(again.handed_in).toEqual({
      summary: 'Pull request 7.',
      artifacts: { branch: 'task/org-repo-1', commit: sha('a'), pr_url: pullFacts().url },
    });
  });

  it('by silence waits one lease length for its holder, and goes to review then, uncharged', () => {
    const quiet = silent(withPull());
    expect(quiet).toMatchObject({ status: 'created', claimable_since: null, epoch: 1 });
    expect(checkClaim(quiet, claimBy('agent:b'), T0)).toBe('not_claimable');
    expect(nextDeadline(quiet)).toEqual({ at: T0 + 60_000, kind: 'lease_lost' });
    expect(rearm(quiet, T0 + 5)).toMatchObject({ status: 'running', epoch: 1 });
    const over = applyDue(quiet, T0 + 60_000, 0);
    expect(over).toMatchObject({ status: 'review_pending', epoch: 2, lease: null, retry_count: 0 });
    expect(over.attempts[0]).toMatchObject({ outcome: 'pull_request', failure: null });
  });

  it('opened after its holder went silent does the same', () => {
    const quiet = hear(silent(atWork()), opened());
    expect(quiet).toMatchObject({ status: 'created', claimable_since: null });
    expect(applyDue(quiet, T0 + 60_000, 0).status).toBe('review_pending');
  });

  it('whose push is taken back is for whoever comes first, as before', () => {
    const again = grant(review(waiting(), verdict('rejected'), T0).state, claimBy('agent:b'), T0);
    const quiet = lapse(hear(again, pushed), { epoch: 2, n: 1, heartbeat: null }, T0);
    expect(quiet.claimable_since).toBeNull();
    const back = hear(quiet, heard({ updated_at: 300 }));
    expect(back).toMatchObject({ status: 'created', claimable_since: T0, lease: { epoch: 2 } });
  });

  it('goes to review when no retry is left, too', () => {
    const over = applyDue(silent(withPull({ max_retries: 0 })), T0 + 60_000, 0);
    expect(over.status).toBe('review_pending');
  });

  it('by a failure is tried again', () => {
    const next = reportStatus(
      withPull(),
      { message_id: 's', epoch: 1, holder: 'agent:a', status: 'failed', message: null },
      T0,
      0,
    ).state;
    expect(next).toMatchObject({ status: 'created', retry_count: 1, pull: { state: 'open' } });
  });

  it.each<[string, ForgeMessage[], string]>([
    ['nothing was pushed since the last review', [], 'created'],
    ['something was pushed', [pushed], 'review_pending'],
  ])('in a later round: %s', (_, messages, status) => {
    const state = hear(secondRound(), ...messages);
    const { epoch } = state;
    const given = release(state, { message_id: 'r', epoch, holder: 'agent:b', checkpoint: null }, T0).state;
    expect(given.status).toBe(status);
    const quiet = lapse(state, { epoch, n: 1, heartbeat: null }, T0);
    expect(applyDue(quiet, T0 + 60_000, 0).status).toBe(status);
  });

  it('is not tied to a track: a round on a host is followed by one of an agent', () => {
    const first = complete(
      hear(onHost(), opened()),
      completion({ manual: true, holder: 'carol' }),
      T0,
      0,
    ).state;
    const dead = stopped(first, first.stops[0]?.attempt_id ?? '', 'dead', T0);
    const next = review(dead, verdict('rejected'), T0).state;
    expect(next).toMatchObject({ status: 'created', execution_mode: 'undecided' });
    expect(grant(next, claimBy('agent:b'), T0)).toMatchObject({
      execution_mode: 'http_pull',
      findings: [{ message: 'Off by 1' }],
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Checkpoint } from '../../../contracts/receipt';
import { assign, checkClaim, grant } from '../../../workflows/rules/claim';
import { applyDue, nextDeadline } from '../../../workflows/rules/deadlines';
import { runEnded, runFailed } from '../../../workflows/rules/run';
import type { TaskInput, TaskState } from '../../../workflows/task/types';
import { claimBy, created, T0 } from '../../helpers/task-state';

const REFUSED = { code: 'connection_refused', message: 'nothing listens there' };
const assignment = {
  message_id: 'm',
  holder: 'host:h' as const,
  reason: null,
  by: 'ada',
  not_after: Infinity,
};

/** The host takes the task and cannot be reached. */
function fail(state: TaskState, now: number, failure = REFUSED, mayRun = false): TaskState {
  const claim = claimBy('host:h', { request_id: `r${now}` });
  expect(checkClaim(state, claim, now)).toBeNull();
  const held = grant(state, claim, now);
  return runFailed(held, held.epoch, failure, now, { random: 0, mayRun });
}

const due = (state: TaskState): TaskState => {
  const next = nextDeadline(state);
  if (!next) throw new Error('nothing is due');
  return applyDue(state, next.at, 0);
};

const tasks: Array<[string, Partial<TaskInput>, boolean]> = [
  ['of mode ssh_cli', { execution_mode: 'ssh_cli' }, false],
  ['that is assigned to the host', {}, true],
  ['of mode ssh_cli, assigned too', { execution_mode: 'ssh_cli' }, true],
];

describe('a host that cannot be reached', () => {
  it.each(tasks)('costs a task %s its retries, one after another, until it fails', (_, over, assigned) => {
    let state = created({ max_retries: 2, ...over });
    if (assigned) state = assign(state, assignment, T0);
    for (const retry_count of [1, 2]) {
      state = fail(state, T0 + retry_count * 100_000);
      expect(state).toMatchObject({
        status: assigned ? 'assigned' : 'created',
        execution_mode: 'ssh_cli',
        retry_count,
        reason: REFUSED,
        assigned: assigned ? { holder: 'host:h' } : null,
      });
      expect(checkClaim(state, claimBy('host:h'), T0)).toBe('not_claimable');
      state = due(state);
    }
    if (assigned) expect(checkClaim(state, claimBy('host:x'), T0)).toBe('assigned_to_other');
    expect(fail(state, T0 + 300_000)).toMatchObject({ status: 'failed', retry_count: 2, reason: REFUSED });
  });

  it('costs an undecided task nothing: it stays undecided, and claimable by all', () => {
    let state = created({ max_retries: 0 });
    for (let i = 1; i <= 3; i++) state = due(fail(state, T0 + i * 100_000));
    expect(state).toMatchObject({ status: 'created', execution_mode: 'undecided', retry_count: 0 });
    expect(checkClaim(state, claimBy('agent:a'), T0 + 400_000)).toBeNull();
  });

  it('costs it a retry when an earlier try may have started something', () => {
    const state = fail(created({ max_retries: 1 }), T0, REFUSED, true);
    expect(state).toMatchObject({ retry_count: 1, stops: [{ epoch: 1 }] });
  });

  it('is no longer waited for by an assigned task when the assignment has run out', () => {
    const failed = fail(assign(created(), assignment, T0), T0);
    const claimable = due(failed);
    expect(claimable.assigned?.until).toBe((failed.not_before ?? 0) + failed.input.timeouts.assign_ms);
    expect(due(claimable)).toMatchObject({ status: 'created', assigned: null, execution_mode: 'undecided' });
  });

  it('is told from one that fails otherwise', () => {
    const other = { code: 'work_dir_failed', message: 'x' };
    expect(fail(created({ max_retries: 1 }), T0, other)).toMatchObject({ retry_count: 1 });
    expect(fail(assign(created({ max_retries: 1 }), assignment, T0), T0, other)).toMatchObject({
      assigned: null,
      execution_mode: 'undecided',
      retry_count: 1,
    });
  });
});

describe('a host that lacks the template', () => {
  it.each([
    ['codex-cli', ['codex-cli'], 'template_unavailable'],
    ['codex-cli', ['gemini', null], null],
    [null, ['shell', null], 'template_unavailable'],
    [null, ['gemini'], null],
    [null, undefined, null],
  ])('of %j, lacking %j, is refused: %s', (template, lacking, expected) => {
    expect(checkClaim(created({ template }), claimBy('host:h', { lacking }), T0)).toBe(expected);
  });

  it('is refused what is assigned to it, too', () => {
    const state = assign(created({ template: 'gemini' }), assignment, T0);
    expect(checkClaim(state, claimBy('host:h', { lacking: ['gemini'] }), T0)).toBe('template_unavailable');
  });
});

describe('a session that is gone from its host', () => {
  const FAILURE = { code: 'session_not_found', message: 'No conversation found' };
  const SESSION = { session_id: 's-1', session_at: 'h/codex-cli' };

  function end(state: TaskState, checkpoint: Checkpoint | null, now: number): TaskState {
    const held = grant(state, claimBy('host:h', { request_id: `r${now}` }), now);
    const run = {
      receipt: null,
      failure: FAILURE,
      exit_code: 1,
      duration_ms: 1,
      output_ref: null,
      checkpoint,
    };
    return runEnded(held, held.epoch, run, now, 0);
  }

  it('costs no retry once, and then what any failure costs', () => {
    const before = { ...created({ max_retries: 0 }), checkpoint: { branch: 'b', ...SESSION } };
    const first = end(before, { branch: 'b' }, T0 + 100_000);
    expect(first).toMatchObject({ status: 'created', retry_count: 0, checkpoint: { branch: 'b' } });
    expect(end(due(first), { branch: 'b' }, T0 + 200_000)).toMatchObject({
      status: 'failed',
      reason: FAILURE,
    });
  });

  it('is charged where it is not let go of, or it would be tried for ever', () => {
    const before = { ...created({ max_retries: 0 }), checkpoint: SESSION };
    expect(end(before, null, T0 + 100_000)).toMatchObject({ status: 'failed', reason: FAILURE });
  });
});

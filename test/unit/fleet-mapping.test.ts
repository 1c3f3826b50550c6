import { describe, expect, it } from '@jest/globals';
import { bodyHeader, lockKey } from '../../api/body-header';
import {
  bodyMdOf,
  checkpointOf,
  conditionOf,
  fleetProblem,
  jobOf,
  REPORTS,
  receiptOf,
  stageOf,
  wipOf,
} from '../../api/fleet/mapping';
import { ApiProblem } from '../../api/problems';
import { taskInput } from '../../api/task-input';
import { configSchema } from '../../contracts/config';
import { stageSchema } from '../../contracts/fleet';
import { createTaskSchema, type TaskView } from '../../contracts/task';
import { taskView } from '../../workflows/rules/view';
import { created, held } from '../helpers/task-state';

const view = (over: Partial<TaskView> = {}): TaskView => ({ ...taskView(created()), ...over });
const lease = (stage?: 'building' | 'review' | 'testing' | 'blocked') => ({
  ...(taskView(held()).lease as NonNullable<TaskView['lease']>),
  stage,
});
const attempt = (outcome: string) => ({
  ...(taskView(held()).attempts[0] as TaskView['attempts'][number]),
  outcome,
});

describe('the stage of a task', () => {
  it.each<[string, Partial<TaskView>]>([
    ['queued', { status: 'created' }],
    ['queued', { status: 'created', not_before: '2026-01-01T00:00:00Z' }],
    ['queued', { status: 'created', attempts: [attempt('failed')] }],
    ['queued', { status: 'created', not_before: '2026-01-01T00:00:00Z', attempts: [attempt('lost')] }],
    ['failed', { status: 'created', not_before: '2026-01-01T00:00:00Z', attempts: [attempt('failed')] }],
    ['assigned', { status: 'assigned' }],
    ['assigned', { status: 'assigned', lease: lease() }],
    ['building', { status: 'running', lease: lease() }],
    ['building', { status: 'running', lease: null }],
    ['building', { status: 'running', lease: lease('building') }],
    ['review', { status: 'running', lease: lease('review') }],
    ['testing', { status: 'running', lease: lease('testing') }],
    ['blocked', { status: 'running', lease: lease('blocked') }],
    ['review', { status: 'review_pending' }],
    ['shipped', { status: 'completed' }],
    ['dead_letter', { status: 'failed' }],
    ['dead_letter', { status: 'cancelled' }],
  ])('is %s: %j', (stage, over) => {
    expect(stageOf(view(over))).toBe(stage);
  });

  it('may be reported in one way each', () => {
    expect(Object.keys(REPORTS).sort()).toEqual([...stageSchema.options].sort());
    expect(stageSchema.options.filter((stage) => REPORTS[stage].kind === 'run')).toEqual([
      'building',
      'review',
      'testing',
      'blocked',
    ]);
  });
});

describe('a checkpoint', () => {
  it.each([
    [undefined, null],
    [null, null],
    [{}, null],
    [{ wipBranch: '', wipCommit: null }, null],
    [{ wipBranch: 'b' }, { branch: 'b' }],
    [
      { wipBranch: 'b', wipCommit: 'abcdef0' },
      { branch: 'b', commit: 'abcdef0' },
    ],
  ])('%j is %j', (wip, checkpoint) => {
    expect(checkpointOf(wip)).toEqual(checkpoint);
  });

  it.each([
    [null, null],
    [{ session_id: 's' }, null],
    [{ branch: 'b', session_id: 's' }, { wipBranch: 'b' }],
    [{ commit: 'abcdef0' }, { wipCommit: 'abcdef0' }],
  ])('%j is shown as %j', (checkpoint, wip) => {
    expect(wipOf(checkpoint)).toEqual(wip);
  });

  it('makes the receipt, with what was known before', () => {
    const base = { message: undefined, by: 'ada', durationMs: -5 };
    expect(
      receiptOf({ ...base, checkpoint: { commit: 'abcdef1' }, known: { branch: 'b', commit: 'abcdef0' } }),
    ).toEqual({
      status: 'completed',
      summary: 'shipped by ada',
      artifacts: { branch: 'b', commit: 'abcdef1' },
      duration_ms: 0,
    });
    expect(receiptOf({ ...base, checkpoint: null, known: null, message: 'm' })).toMatchObject({
      summary: 'm',
      artifacts: {},
    });
  });
});

describe('a job', () => {
  it('shows no expiry of a lease that has lapsed', () => {
    expect(jobOf(view({ status: 'running', lease: lease() })).leaseExpiresAt).not.toBeNull();
    expect(jobOf(view({ lease: { ...lease(), lapsed: true } })).leaseExpiresAt).toBeNull();
  });

  it('tells findings in its body', () => {
    expect(bodyMdOf('b', [])).toBe('b');
    expect(bodyMdOf('b', [{ message: 'x\ny' }, { file: 'f', message: 'z' }])).toContain('- x y\n- f: z\n');
  });
});

describe('the condition of a factory', () => {
  it.each<[Parameters<typeof conditionOf>[0], ReturnType<typeof conditionOf>]>([
    [{}, {}],
    [{ health: null, load: null }, {}],
    [{ health: '', load: '' }, {}],
    [
      { health: 'OK', load: 0 },
      { health: 'ok', load: 0 },
    ],
    [
      { health: 'healthy', load: '0.25' },
      { health: 'ok', load: 0.25 },
    ],
    [
      { health: { status: 'degraded' }, load: { running: 1, slots: 4 } },
      { health: 'degraded', load: 0.25 },
    ],
    [
      { health: 'on fire', load: 7 },
      { health: 'unhealthy', load: 1 },
    ],
    [{ health: {}, load: {} }, {}],
    [{ load: { running: 1, slots: 0 } }, {}],
    [{ load: -1 }, { load: 0 }],
    [{ load: 'much' }, {}],
  ])('%j is %j', (given, kept) => {
    expect(conditionOf(given)).toEqual(kept);
  });
});

describe('a problem', () => {
  it.each([
    [409, 'stale_epoch', 409],
    [409, 'id_taken', 422],
    [409, 'wrong_status', 422],
    [409, 'managed_by_orchestrator', 403],
    [423, 'managed_by_orchestrator', 403],
    [403, 'not_holder', 403],
    [423, 'held_by_other', 403],
    [400, 'invalid_request', 422],
    [400, 'invalid_json', 400],
    [404, 'task_not_found', 404],
    [503, 'no_worker', 503],
  ])('%d %s is %d', (status, code, expected) => {
    const problem = fleetProblem(new ApiProblem(status, code, 'd', { retryAfterS: 2 }));
    expect(problem).toMatchObject({ statusCode: expected, code, message: 'd', extras: { retryAfterS: 2 } });
  });
});

const H = 3_600_000;

describe('the header of a body', () => {
  it.each<[string, string, string | null, number | null]>([
    [
      'the usual one',
      '---\nengine: devin\ncwd: /x\nyolo: true\nlock: agent-queue\ntimeout: 4h\n---\nROLE',
      'agent-queue',
      4 * H,
    ],
    ['Windows lines and a mark', '\ufeff---\r\nlock: a\r\ntimeout: 90m\r\n---\r\nx', 'a', 1.5 * H],
    ['quotes and comments', '---\nlock: "a b" # c\ntimeout: \'30s\'\n---\n', 'a b', 30_000],
    ['a comment behind a plain word', '---\nlock: a#b # c\n---\n', 'a#b', null],
    ['a bare number of seconds', '---\ntimeout: 90\n---\n', null, 90_000],
    ['parts of an hour', '---\ntimeout: 1.5h\n---\n', null, 1.5 * H],
    ['milliseconds', '---\ntimeout: 250ms\n---\n', null, 250],
    ['the last of two', '---\nlock: a\nlock: b\n---\n', 'b', null],
    ['no lock', '---\nlock: false\n---\n', null, null],
    ['an empty lock', '---\nlock:\ntimeout:\n---\n', null, null],
    ['an empty text', '---\nlock: ""\n---\n', null, null],
    ['no time', '---\ntimeout: soon\n---\n', null, null],
    ['a time beyond all sense', '---\ntimeout: 999999999999d\n---\n', null, null],
    ['no time at all', '---\ntimeout: 0\n---\n', null, null],
    ['a negative time', '---\ntimeout: -4h\n---\n', null, null],
    ['no header', 'lock: a\ntimeout: 4h', null, null],
    ['a header that does not end', '---\nlock: a\ntimeout: 4h\n', null, null],
    ['a header that does not come first', '\n---\nlock: a\n---\n', null, null],
    ['an indented key', '---\nx:\n  lock: a\n---\n', null, null],
    ['a word with a colon', '---\nlock:a\n---\n', null, null],
    ['a flow of YAML', '---\n{lock: a}\n---\n', null, null],
    ['a key of the prototype', '---\n__proto__: a\nconstructor: b\n---\n', null, null],
    ['nothing', '', null, null],
    ['only a rule', '---', null, null],
    ['a lock that is too long', `---\nlock: ${'x'.repeat(201)}\n---\n`, null, null],
    ['a header that is too long', `---\n${'a: b\n'.repeat(3_000)}lock: a\n---\n`, null, null],
  ])('%s', (_, body, lock, timeoutMs) => {
    expect(bodyHeader(body)).toEqual({ lock, timeoutMs });
  });

  it('sets the run timeout, unless the request does, and the lock', () => {
    const config = configSchema.parse({ default_timeouts: { run_ms: 5_000 } });
    const facts = { id: 'a', product: 'p', body: { inline: '' }, change: null, noCapableHost: false, now: 0 };
    const input = (body: string, timeouts?: { run_ms: number }) =>
      taskInput(createTaskSchema.parse({ title: 't', body, timeouts }), config, facts);
    const body = '---\nlock: a\ntimeout: 4h\n---\n';
    expect(input(body)).toMatchObject({ lock: lockKey('a'), timeouts: { run_ms: 4 * H } });
    expect(input(body, { run_ms: 1_000 }).timeouts.run_ms).toBe(1_000);
    expect(input('x').timeouts.run_ms).toBe(5_000);
    expect('lock' in input('x')).toBe(false);
    expect(lockKey('sentinel')).not.toContain('sentinel');
  });
});

import { describe, expect, it } from '@jest/globals';
import { type Said, senderOf } from '../../api/acting';
import { directiveTo } from '../../api/admission';
import { bodyHash, idFromKey } from '../../api/body-hash';
import { byteRange } from '../../api/byte-range';
import { verdictOf } from '../../api/directive';
import { createLeaseMemory, type KnownLease } from '../../api/lease-memory';
import { tasksQuery } from '../../api/list-query';
import { newTaskId } from '../../api/new-task-id';
import { viewOrThrow } from '../../api/outcome-answer';
import { createPageTokens } from '../../api/page-token';
import { indexable, initialAttributes } from '../../api/start-options';
import { taskInput as inputOf } from '../../api/task-input';
import { isNews } from '../../api/tell-task';
import type { Principal } from '../../api/tokens';
import { listTasksSchema } from '../../contracts/api';
import { configSchema } from '../../contracts/config';
import { taskIdSchema } from '../../contracts/ids';
import { createTaskSchema } from '../../contracts/task';
import type { OutcomeCode } from '../../workflows/task/types';
import { taskInput } from '../helpers/task-input';

describe('bodyHash', () => {
  it('does not depend on the order of members', () => {
    expect(bodyHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(bodyHash({ b: { d: null, c: [1, 2] }, a: 1 }));
  });
  it('ignores members without a value', () => {
    expect(bodyHash({ a: 1, b: undefined })).toBe(bodyHash({ a: 1 }));
  });
  it.each([
    ['a value', { a: 1 }, { a: 2 }],
    ['a type', { a: 1 }, { a: '1' }],
    ['the order of elements', { a: [1, 2] }, { a: [2, 1] }],
    ['where a member belongs', { a: { b: 1 } }, { a: {}, b: 1 }],
    ['null from nothing', { a: null }, {}],
  ])('tells %s apart', (_, one, other) => {
    expect(bodyHash(one)).not.toBe(bodyHash(other));
  });
});

describe('generated ids', () => {
  it.each([
    ['new', newTaskId()],
    ['from a key', idFromKey('default', 'k/1 "')],
  ])('%s is a task id', (_, id) => {
    expect(taskIdSchema.safeParse(id).success).toBe(true);
  });
  it('keeps equal keys of two products apart', () => {
    expect(idFromKey('a', 'k')).not.toBe(idFromKey('b', 'k'));
    expect(idFromKey('a', 'k')).toBe(idFromKey('a', 'k'));
  });
  it('sorts new ids by time', () => {
    expect([newTaskId(2_000_000_000_000), newTaskId(1_000), newTaskId(1_000_000)].sort()[0]).toMatch(
      /^t-0000000rs-/,
    );
  });
});

describe('byteRange', () => {
  it.each([
    [undefined, 'whole'],
    ['bytes=0-9', { start: 0, end: 10 }],
    ['bytes=5-', { start: 5, end: 100 }],
    ['bytes=-10', { start: 90, end: 100 }],
    ['bytes=-1000', { start: 0, end: 100 }],
    ['bytes=99-99', { start: 99, end: 100 }],
    ['bytes=90-1000', { start: 90, end: 100 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-5', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,3-4', 'whole'],
    ['lines=1-2', 'whole'],
  ])('%p of 100 bytes', (header, expected) => {
    expect(byteRange(header, 100)).toEqual(expected);
  });
  it('cannot take a part of nothing', () => {
    expect(byteRange('bytes=0-', 0)).toBe('unsatisfiable');
  });
});

describe('page tokens', () => {
  const tokens = createPageTokens(new Uint8Array(32).fill(7));
  const position = Buffer.from('{"time":1}');

  it('come back as they were for the same query', () => {
    expect(tokens.open(tokens.seal(position, 'q') ?? '', 'q')).toEqual(position);
  });
  it('are null on the last page', () => {
    expect(tokens.seal(new Uint8Array(), 'q')).toBeNull();
  });
  it.each([
    ['of another query', () => tokens.seal(position, 'other') ?? ''],
    ['of another server', () => createPageTokens(new Uint8Array(32)).seal(position, 'q') ?? ''],
    ['made up', () => Buffer.from('{"time":1}').toString('base64url')],
    ['empty', () => ''],
  ])('are refused when %s', (_, token) => {
    expect(() => tokens.open(token(), 'q')).toThrow(expect.objectContaining({ statusCode: 400 }));
  });
});

describe('the lease memory', () => {
  const lease = (activityId: string): KnownLease => ({
    holder: 'agent:a',
    product: 'default',
    activityId,
    leaseMs: 1,
    announced: false,
    checkpoint: null,
    told: null,
  });
  it('forgets the one that was not used for longest', () => {
    const memory = createLeaseMemory(2);
    memory.set('a', 1, lease('a1'));
    memory.set('b', 1, lease('b1'));
    memory.get('a', 1);
    memory.set('c', 1, lease('c1'));
    expect(memory.get('b', 1)).toBeUndefined();
    expect(memory.get('a', 1)?.activityId).toBe('a1');
    expect(memory.get('c', 1)?.activityId).toBe('c1');
  });
  it('keeps epochs apart', () => {
    const memory = createLeaseMemory();
    memory.set('1/a', 1, lease('x'));
    expect(memory.get('a', 11)).toBeUndefined();
    expect(memory.get('1/a', 1)).toBeDefined();
  });
});

describe('tasksQuery', () => {
  const query = (filter: Record<string, unknown>, product: string | null = null) =>
    tasksQuery(listTasksSchema.parse(filter), product);
  const base = "WorkflowType = 'task' AND ExecutionStatus != 'ContinuedAsNew'";

  it.each([
    [{}, base],
    [{ status: 'running' }, `${base} AND TaskStatus = 'running'`],
    [
      { mode: 'ssh_cli', label: 'agent:code' },
      `${base} AND ExecutionMode = 'ssh_cli' AND TaskLabels IN ('agent:code')`,
    ],
    [{ holder: 'host:h' }, `${base} AND Holder = 'host:h'`],
    [{ holder: 'x' }, `${base} AND Holder IN ('host:x', 'agent:x')`],
    [{ product: 'blue' }, `${base} AND Product = 'blue'`],
  ])('%p', (filter, expected) => {
    expect(query(filter)).toBe(expected);
  });
  it('cannot be widened beyond the product of the token', () => {
    expect(query({ product: 'red' }, 'blue')).toBe(`${base} AND Product = 'blue'`);
  });
});

describe('the input of a task', () => {
  const config = configSchema.parse({ default_timeouts: { lease_ms: 30_000, run_ms: 1_000 } });
  const facts = {
    id: 'org/repo#42',
    product: 'p',
    body: { inline: 'b' },
    change: null,
    noCapableHost: true,
    now: 5,
  };
  const request = createTaskSchema.parse({
    title: 't',
    body: 'b',
    labels: ['x', 'x'],
    timeouts: { run_ms: 2_000 },
  });

  it('takes each timeout from the request, else the config file, else the default', () => {
    expect(inputOf(request, config, facts).timeouts).toEqual({
      queue_wait_ms: null,
      assign_ms: 300_000,
      lease_ms: 30_000,
      run_ms: 2_000,
      total_ms: null,
      review_wait_ms: null,
    });
  });
  it('fills in the rest', () => {
    expect(inputOf(request, config, facts)).toMatchObject({
      labels: ['x'],
      max_retries: 2,
      branch_name: 'task/org-repo-42',
      no_capable_host: true,
      created_at: 5,
      first_epoch: 1,
    });
  });
});

describe('what the index is told', () => {
  it('holds neither title nor body', () => {
    const input = taskInput({ title: 'hunter2', body: { inline: 'hunter2' }, pr_title: 'hunter2' });
    expect(JSON.stringify(initialAttributes(input))).not.toContain('hunter2');
  });
  it.each([
    ['https://user:pass@example.org/r.git', 'https://example.org/r.git'],
    ['https://token@example.org/r.git', 'https://example.org/r.git'],
    ['ssh://git@example.org/r', 'ssh://example.org/r'],
    ['git@example.org:r', 'git@example.org:r'],
    ['/srv/a@b/r', '/srv/a@b/r'],
    [`/${'x'.repeat(300)}`, `/${'x'.repeat(254)}`],
  ])('repository %s', (repository, expected) => {
    expect(indexable(repository)).toBe(expected);
  });
});

describe('an outcome', () => {
  it.each<[OutcomeCode, number, string]>([
    ['stale_epoch', 409, 'stale_epoch'],
    ['closed', 410, 'closed'],
    ['not_holder', 423, 'held_by_other'],
    ['managed_by_orchestrator', 423, 'managed_by_orchestrator'],
    ['wrong_status', 409, 'wrong_status'],
  ])('%s is %d %s', (outcome, statusCode, code) => {
    expect(() => viewOrThrow({ code: outcome, message: 'm', quarantine_id: 'q' }, null)).toThrow(
      expect.objectContaining({ statusCode, code, extras: { members: { quarantine_id: 'q' } } }),
    );
  });
});

describe('the sender of a receipt', () => {
  const principal = { sub: 'ada', product: null, generation: 0 };
  const lease: Principal = { ...principal, role: 'lease', lease: { taskId: 't', epoch: 3 } };
  it.each([
    ['an agent is itself', 'agent', undefined, { holder: 'agent:ada', manual: false }],
    ['an agent may name itself', 'agent', 'ada', { holder: 'agent:ada', manual: false }],
    ['a coordinator overrules', 'coordinator', undefined, { holder: 'coordinator:ada', manual: true }],
    ['an admin overrules', 'admin', undefined, { holder: 'admin:ada', manual: true }],
    ['an admin may act for an agent', 'admin', 'bob', { holder: 'agent:bob', manual: false }],
  ] as const)('%s', (_, role, agent_id, expected) => {
    expect(senderOf({ ...principal, role }, { agent_id, epoch: 1 })).toEqual({ ...expected, epoch: 1 });
  });
  it.each([
    ['says nothing', {}],
    ['says what its token says', { agent_id: 'ada', epoch: 3 }],
  ])('is known by its lease token when it %s', (_, said) => {
    expect(senderOf(lease, said)).toEqual({ holder: 'agent:ada', epoch: 3, manual: false });
  });
  it.each<[string, Principal, Said, number, string]>([
    ['another agent', { ...principal, role: 'agent' }, { agent_id: 'bob', epoch: 1 }, 403, 'wrong_agent'],
    ['another agent than that of its lease', lease, { agent_id: 'bob' }, 403, 'wrong_agent'],
    ['of another epoch than its lease', lease, { epoch: 2 }, 422, 'wrong_epoch'],
    ['of no epoch', { ...principal, role: 'agent' }, {}, 400, 'invalid_request'],
    ['a coordinator without an epoch', { ...principal, role: 'coordinator' }, {}, 400, 'invalid_request'],
  ])('cannot be %s', (_, caller, said, statusCode, code) => {
    expect(() => senderOf(caller, said)).toThrow(expect.objectContaining({ statusCode, code }));
  });
});

describe('a directive', () => {
  const cordon = { draining: false, by: 'a', reason: null, at: 1 };
  it.each([
    ['of nobody that is known', null, 'continue'],
    ['of an agent', {}, 'continue'],
    ['of one that may go on', { cordon: null }, 'continue'],
    ['of one that is cordoned', { cordon }, 'quiet'],
    ['of one that drains', { cordon: { ...cordon, draining: true } }, 'quiet'],
  ])('%s', (_, holder, expected) => {
    expect(directiveTo(holder)).toBe(expected);
  });
  it.each([
    [200, 'task', 'of the agent'],
    [202, 'task', 'of the agent'],
    [204, 'agent', 'of the agent'],
    [400, 'task', null],
    [401, 'task', null],
    [403, 'task', null],
    [404, 'task', 'terminate'],
    [409, 'task', 'terminate'],
    [409, 'agent', null],
    [410, 'task', 'terminate'],
    [422, 'task', null],
    [423, 'task', 'terminate'],
    [429, 'task', null],
    [500, 'task', null],
    [503, 'task', null],
  ] as const)('with %d about the %s is %s', (status, about, expected) => {
    expect(verdictOf(status, about)).toBe(expected);
  });
});

describe('a checkpoint', () => {
  const [first, second] = [
    { branch: 'wip', commit: 'abcdef1' },
    { branch: 'wip', commit: 'abcdef2' },
  ];
  const told = { checkpoint: first, at: 1_000 };
  it.each([
    ['none', null, null, 1_000, false],
    ['the first', first, null, 1_000, true],
    ['the same again', { ...first }, told, 1_000_000, false],
    ['another, too soon', second, told, 60_999, false],
    ['another, a minute later', second, told, 61_000, true],
    ['another session', { ...first, session_id: 's' }, told, 61_000, true],
  ])('%s is told to the task or not', (_, checkpoint, last, now, expected) => {
    expect(isNews({ checkpoint: checkpoint && { checkpoint, at: 0 }, told: last }, now)).toBe(expected);
  });
});

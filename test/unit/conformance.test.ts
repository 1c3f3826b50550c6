import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { parseAgents } from '../../cli/conformance/agents';
import { CATALOGUE, select } from '../../cli/conformance/catalogue';
import { holds, Mismatch, same } from '../../cli/conformance/expectations';
import { type Invariant, Skip } from '../../cli/conformance/invariant';
import type { Lab } from '../../cli/conformance/lab';
import { keepSecret, redact } from '../../cli/conformance/redact';
import { isConformant, summary, table } from '../../cli/conformance/report';
import { type Result, runInvariants } from '../../cli/conformance/run-invariants';
import { baseUrl, createWire } from '../../cli/conformance/wire';

const noLab = () => ({}) as Lab;
const never = new AbortController().signal;

const invariant = (name: string, check: Invariant['check'], limitMs?: number): Invariant => ({
  name: `v1/${name}`,
  requires: 'a promise',
  check,
  ...(limitMs !== undefined && { limitMs }),
});

describe('a run', () => {
  it('tells what held, what did not, what was skipped, and what took too long', async () => {
    const results = await runInvariants(
      [
        invariant('hangs', () => new Promise(() => {}), 20),
        invariant('ok', async () => {}),
        invariant('broken', async () => same('epoch', 1, 2)),
        invariant('elsewhere', () => Promise.reject(new Skip('no such route'))),
        invariant('kit', () => Promise.reject(new TypeError('a fault of the kit'))),
      ],
      noLab,
      { concurrency: 2, signal: never },
    );
    expect(
      results.map(({ name, outcome, expected, seen, reason }) => [name, outcome, expected, seen ?? reason]),
    ).toEqual([
      ['v1/hangs', 'failed', 'an end', 'none after 0.02 s'],
      ['v1/ok', 'ok', undefined, undefined],
      ['v1/broken', 'failed', 'epoch: 1', '2'],
      ['v1/elsewhere', 'skipped', undefined, 'no such route'],
      ['v1/kit', 'failed', 'no error of the kit', expect.stringContaining('a fault of the kit')],
    ]);
  });

  it('runs so many at once, and no more', async () => {
    let now = 0;
    let most = 0;
    const one = invariant('one', async () => {
      most = Math.max(most, ++now);
      await pause(5);
      now -= 1;
    });
    await runInvariants(
      Array.from({ length: 9 }, () => one),
      noLab,
      { concurrency: 3, signal: never },
    );
    expect(most).toBe(3);
  });

  it('that is interrupted skips the rest', async () => {
    const stop = new AbortController();
    const first = invariant('first', async () => stop.abort());
    const results = await runInvariants([first, first], noLab, { concurrency: 1, signal: stop.signal });
    expect(results.at(1)).toMatchObject({ outcome: 'skipped', reason: 'interrupted' });
  });
});

describe('the report', () => {
  const result = (outcome: Result['outcome'], more: Partial<Result> = {}): Result => ({
    name: 'v1/some',
    dialect: 'v1',
    requires: 'something',
    outcome,
    duration_ms: 1_240,
    ...more,
  });

  it('has a line for each, and what was expected and seen of those that failed', () => {
    const results = [
      result('ok'),
      result('failed', { expected: '409', seen: '200' }),
      result('skipped', { reason: 'why' }),
    ];
    expect(table(results).split('\n')).toEqual([
      'ok        1.2 s  v1/some  something',
      'FAILED    1.2 s  v1/some  something',
      '        expected  409',
      '        seen      200',
      'skipped   1.2 s  v1/some  something',
      '        because   why',
    ]);
    expect(summary(results, 2_000)).toBe('1 ok, 1 failed, 1 skipped in 2.0 s');
  });

  it.each<[boolean, Result['outcome'][]]>([
    [true, ['ok', 'skipped']],
    [false, ['ok', 'failed']],
    [false, ['skipped']],
    [false, []],
  ])('is conformant (%p) for %p', (expected, outcomes) => {
    expect(isConformant(outcomes.map((outcome) => result(outcome)))).toBe(expected);
  });
});

describe('what is shown', () => {
  it('holds no token', () => {
    keepSecret('a-very-secret-token');
    expect(redact('eyJhbGciOi.eyJzdWIi.c2ln and a-very-secret-token')).toBe('[token] and [token]');
    const told = new Mismatch('no a-very-secret-token', 'Bearer eyJhbGciOi.eyJzdWIi.c2ln');
    expect(`${told.message}${told.expected}${told.seen}`).not.toMatch(/secret|eyJ/);
  });

  it('is of two objects only what differs', () => {
    expect(() => same('task', { id: 'x', epoch: 1 }, { id: 'x', epoch: 2 })).toThrow(
      'expected task: {"epoch":1}; seen: {"epoch":2}',
    );
    expect(() => holds('a body', false, undefined)).toThrow('expected a body; seen: nothing');
  });
});

describe('options', () => {
  it.each([
    ['http://h:1', 'http://h:1'],
    ['https://h/', 'https://h'],
    ['https://h/box/api/v1/', 'https://h/box'],
    ['https://h/api/fleet', 'https://h'],
  ])('--url %s means %s', (given, base) => expect(baseUrl(given)).toBe(base));

  it.each(['h:1', 'ftp://h', 'http://user:pass@h'])('--url %s is refused', (given) =>
    expect(() => baseUrl(given)).toThrow('--url'),
  );

  it('agents are read without showing a token', () => {
    expect(parseAgents('# of mine\nada t1\n\nbob  t2\n', 'f')).toEqual([
      { id: 'ada', token: 't1' },
      { id: 'bob', token: 't2' },
    ]);
    expect(() => parseAgents('ada t1', 'f')).toThrow('f: expected two agents or more, got 1');
    expect(() => parseAgents('ada t1\nbob', 'f')).toThrow(/^f:2: expected <agent id> <token>$/);
  });

  it('names are unique, and chosen by dialect and beginning', () => {
    expect(new Set(CATALOGUE.map(({ name }) => name)).size).toBe(CATALOGUE.length);
    expect(select('fleet', []).every(({ name }) => name.startsWith('fleet/'))).toBe(true);
    expect(select('both', ['v1/stale-', 'fleet/claim']).map(({ name }) => name)).toContain(
      'v1/stale-complete',
    );
    expect(() => select('v1', ['fleet/claim'])).toThrow('--only fleet/claim');
  });
});

it('nothing is begun once the run has ended, not even what would wait for its answer', async () => {
  const ended = AbortSignal.abort(new Error('ended'));
  const call = createWire('http://127.0.0.1:9', ended)('POST', '/tasks', { token: null, lasting: true });
  await expect(call).rejects.toThrow('ended');
});

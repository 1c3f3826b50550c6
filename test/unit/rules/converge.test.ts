import { describe, expect, it } from '@jest/globals';
import { grant } from '../../../workflows/rules/claim';
import { fingerprint, notConverging, roundOf, withRound } from '../../../workflows/rules/converge';
import { hearForge } from '../../../workflows/rules/pull';
import { complete } from '../../../workflows/rules/receipt';
import { review } from '../../../workflows/rules/review';
import type { TaskState } from '../../../workflows/task/types';
import { fromForge, heard, opened, sha, verdict } from '../../helpers/forge-task';
import { claimBy, completion, held, receipt, T0 } from '../../helpers/task-state';

describe('the fingerprint of a finding', () => {
  const one = fingerprint({ file: 'a.ts', line: 3, message: 'Off by 1 at line 3' });
  it.each([
    ['another line', { file: 'a.ts', line: 40, message: 'Off by 1 at line 40' }, true],
    ['case and space', { file: 'a.ts', message: 'off  BY 2\nat line' }, true],
    ['a severity', { file: 'a.ts', message: 'Off by 1 at line 3', severity: 'major' as const }, true],
    ['another file', { file: 'b.ts', line: 3, message: 'Off by 1 at line 3' }, false],
    ['no file', { message: 'Off by 1 at line 3' }, false],
    ['another message', { file: 'a.ts', line: 3, message: 'Leaks at line 3' }, false],
  ])('with %s', (_, finding, same) => {
    expect(fingerprint(finding) === one).toBe(same);
  });
});

const F = [{ file: 'a.ts', message: 'one' }];
const G = [{ file: 'b.ts', message: 'two' }];

describe('rounds that lead nowhere', () => {
  it.each<[string, Array<[typeof F, string | null]>, RegExp | null]>([
    ['one', [[F, 'A']], null],
    [
      'the same findings, and nothing changed',
      [
        [F, 'A'],
        [F, 'A'],
      ],
      /the same finding, and nothing has changed/,
    ],
    [
      'in another order',
      [
        [[...F, ...G], 'A'],
        [[...G, ...F], 'A'],
      ],
      /the same 2 findings/,
    ],
    [
      'the same findings on another change',
      [
        [F, 'A'],
        [F, 'B'],
      ],
      null,
    ],
    [
      'other findings, and nothing changed',
      [
        [F, 'A'],
        [G, 'A'],
      ],
      null,
    ],
    [
      'one more finding, and nothing changed',
      [
        [F, 'A'],
        [[...F, ...G], 'A'],
      ],
      null,
    ],
    [
      'no findings, and nothing changed',
      [
        [[], 'A'],
        [[], 'A'],
      ],
      null,
    ],
    [
      'it is not known what was judged',
      [
        [F, null],
        [F, null],
      ],
      null,
    ],
    [
      'a swing back',
      [
        [F, 'A'],
        [G, 'B'],
        [F, 'A'],
      ],
      /swung back.*\(A\)/,
    ],
    [
      'a swing back with other findings',
      [
        [F, 'A'],
        [G, 'B'],
        [[], 'A'],
      ],
      /swung back/,
    ],
    [
      'three changes',
      [
        [F, 'A'],
        [G, 'B'],
        [F, 'C'],
      ],
      null,
    ],
    [
      'a round in between of which nothing is known',
      [
        [F, 'A'],
        [G, null],
        [F, 'A'],
      ],
      null,
    ],
    [
      'a swing that was long ago',
      [
        [F, 'A'],
        [G, 'B'],
        [G, 'C'],
        [F, 'A'],
      ],
      null,
    ],
  ])('%s', (_, rounds, expected) => {
    const all = rounds.map(([findings, change]) => roundOf(findings, change));
    const seen = notConverging(all);
    if (expected === null) expect(seen).toBeNull();
    else expect(seen).toEqual({ code: 'not_converging', message: expect.stringMatching(expected) });
  });

  it('keeps the latest rounds', () => {
    let rounds = [roundOf(F, '0')];
    for (let i = 1; i < 40; i++) rounds = withRound(rounds, roundOf(F, `${i}`));
    expect(rounds).toHaveLength(10);
    expect(rounds.at(-1)?.change).toBe('39');
  });
});

/** One round: a holder hands in, at this commit, and the review sends it back. */
function round(state: TaskState, commit: string, how: 'pull' | 'receipt', change?: string): TaskState {
  const granted = state.lease ? state : grant(state, claimBy('agent:a'), T0);
  const facts = { head_sha: sha(commit), updated_at: 100 + granted.epoch };
  const pushed = how === 'pull' ? hearForge(granted, heard(facts), T0).state : granted;
  const artifacts = how === 'receipt' ? { commit: sha(commit) } : {};
  const done = complete(pushed, completion({ epoch: pushed.epoch, receipt: receipt({ artifacts }) }), T0, 0);
  return review(done.state, verdict('rejected', { change: change ?? null }), T0).state;
}

describe.each(['pull', 'receipt'] as const)('a task whose content is known by its %s', (how) => {
  const start = () => held('agent:a', fromForge({ max_retries: 9 }));

  it('fails when a round changes nothing', () => {
    const first = round(start(), 'a', how);
    expect(first.status).toBe('created');
    expect(round(first, 'a', how)).toMatchObject({
      status: 'failed',
      review_count: 2,
      reason: {
        code: 'not_converging',
        message: `two reviews in a row have the same finding, and nothing has changed between them (${'a'.repeat(12)})`,
      },
    });
  });

  it('fails when the change swings back', () => {
    const third = round(round(round(start(), 'a', how), 'b', how), 'a', how);
    expect(third).toMatchObject({ status: 'failed', reason: { code: 'not_converging' } });
  });

  it('goes on as long as something changes, up to the limit', () => {
    let state = start();
    for (const commit of 'abcdef012') state = round(state, commit, how);
    expect(state).toMatchObject({ status: 'created', review_count: 9 });
    expect(round(state, '3', how)).toMatchObject({ status: 'failed', reason: { code: 'review_limit' } });
  });
});

it('believes the reviewer who says what was judged', () => {
  const opening = hearForge(held('agent:a', fromForge()), opened(), T0).state;
  const first = round(opening, 'a', 'pull', 'diff-1');
  expect(round(first, 'b', 'pull', 'diff-1').reason?.code).toBe('not_converging');
  expect(round(first, 'a', 'pull', 'diff-2').status).toBe('created');
});

import { describe, expect, it } from '@jest/globals';
import type { ForgeReport, ReportInput, ReportState } from '../../../workflows/report/types';
import { grant } from '../../../workflows/rules/claim';
import { edit } from '../../../workflows/rules/edit';
import { lapse, rearm } from '../../../workflows/rules/lease';
import { isDue, isOver, reviewKey, tellingOf, wanted } from '../../../workflows/rules/outbox';
import { hearForge } from '../../../workflows/rules/pull';
import { complete, running } from '../../../workflows/rules/receipt';
import { countReport, isTold, reportOf, told } from '../../../workflows/rules/report';
import { cancel, review } from '../../../workflows/rules/review';
import { runFailed } from '../../../workflows/rules/run';
import type { TaskState } from '../../../workflows/task/types';
import { fromForge, heard, ORIGIN, opened, sha, verdict } from '../../helpers/forge-task';
import { claimBy, completion, created, held, receipt, T0 } from '../../helpers/task-state';

const JUDGED = { run_key: 'run-1', change: 'c', authors: { holders: [], models: [] } };

const fresh = () => countReport(created(fromForge()));
const seq = (state: TaskState) => state.reported?.seq;
const byModel = (model: string) =>
  receipt({ usage: { model, input_tokens: 1, output_tokens: 1 }, artifacts: { commit: sha('c') } });

describe('what the forge is to see', () => {
  it('is nothing of a task that did not come from one', () => {
    const state = created();
    expect(countReport(state)).toBe(state);
    expect(isTold(state)).toBe(true);
    expect(reportOf(state)).toBeNull();
  });

  it('is each change of the task, counted up, and its end', () => {
    let state = fresh();
    expect([seq(state), isTold(state)]).toEqual([1, false]);
    const steps: Array<[string, (s: TaskState) => TaskState]> = [
      ['granted', (s) => grant(s, claimBy('agent:a'), T0)],
      ['running', (s) => running(s, T0)],
      ['a pull request', (s) => hearForge(s, opened(), T0).state],
      ['a push', (s) => hearForge(s, heard({ head_sha: sha('b'), updated_at: 200 }), T0).state],
      ['a receipt', (s) => complete(s, completion(), T0, 0).state],
      ['a rejection', (s) => review(s, verdict('rejected'), T0).state],
      ['another title', (s) => edit(s, { ...EDIT, title: 'x' }, T0).state],
      ['the end', (s) => cancel(s, { message_id: 'x', reason: null, by: 'x' }, T0).state],
    ];
    for (const [what, step] of steps) {
      const before = seq(state) ?? 0;
      state = countReport(step(state));
      expect([what, seq(state)]).toEqual([what, before + 1]);
      expect(countReport(state)).toBe(state);
    }
    expect(reportOf(state)).toMatchObject({ status: 'cancelled', seq: 9, title: 'x', pull: { number: 7 } });
  });

  it.each<[string, (s: TaskState) => TaskState]>([
    ['a push of which no pull request tells', (s) => hearForge(s, PUSH, T0 + 5).state],
    ['the clock of the forge', (s) => hearForge(s, heard({ updated_at: 900 }), T0 + 5).state],
    ['a checkpoint', (s) => ({ ...s, checkpoint: { branch: 'b' } })],
    ['an edit that says the same', (s) => edit(s, EDIT, T0 + 5).state],
    [
      'a lease that lapsed and is renewed',
      (s) => rearm(lapse(running(s, T0), { epoch: 1, n: 1, heartbeat: null }, T0), T0),
    ],
  ])('is not %s', (_, step) => {
    const state = countReport(running(hearForge(held('agent:a', fromForge()), opened(), T0).state, T0));
    expect(seq(countReport(step(state)))).toBe(1);
  });

  it('is handed on up to the newest', () => {
    const first = fresh();
    const second = countReport(grant(first, claimBy('agent:a'), T0));
    expect(isTold(told(second, 1))).toBe(false);
    expect(isTold(told(second, 2))).toBe(true);
    expect(told(created(), 1)).toEqual(created());
  });

  it('names all who have a part in it, and not those who did nothing', () => {
    let state = held('agent:a', fromForge({ max_retries: 9 }));
    state = lapse(state, { epoch: 1, n: 1, heartbeat: null }, T0);
    state = grant(state, claimBy('host:h'), T0);
    const unreachable = { code: 'connection_refused', message: '' };
    state = runFailed(state, 2, unreachable, T0, { random: 0, mayRun: false });
    state = grant({ ...state, claimable_since: T0 }, claimBy('agent:b'), T0);
    state = complete(state, completion({ epoch: 3, holder: 'agent:b', receipt: byModel('m1') }), T0, 0).state;
    state = review(state, verdict('rejected'), T0).state;
    state = grant(state, claimBy('agent:c'), T0);
    const failed = { ...byModel('m2'), status: 'failed' as const };
    state = complete(state, completion({ epoch: 4, holder: 'agent:c', receipt: failed }), T0, 0).state;
    expect(reportOf(state)?.authors).toEqual({ holders: ['agent:b', 'agent:c'], models: ['m1', 'm2'] });
    const again = held('agent:d', fromForge({ wrote: { holders: ['host:z'], models: ['m0'] } }));
    expect(reportOf(again)?.authors).toEqual({ holders: ['agent:d', 'host:z'], models: ['m0'] });
  });
});

describe('a review task', () => {
  const subject = { task_id: 'org/repo#1', round: 0, pull: 7, head_sha: sha('a'), ...JUDGED };
  const input = fromForge({ review: 'none', origin: { ...ORIGIN, review_of: subject } });
  const after = (over: Parameters<typeof receipt>[0]) =>
    reportOf(
      complete(held('agent:r', input), completion({ holder: 'agent:r', receipt: receipt(over) }), T0, 0)
        .state,
    );

  it('is told of at its end alone', () => {
    const open = countReport(held('agent:r', input));
    expect(open.reported).toBeUndefined();
    const over = countReport(complete(open, completion({ holder: 'agent:r' }), T0, 0).state);
    expect(over.reported).toMatchObject({ seq: 1, sent: 0 });
  });

  it.each([
    [
      'the summary, when it is there',
      { summary: '{"verdict":"approved"}', output_tail: 'noise' },
      '{"verdict":"approved"}',
    ],
    ['else the output', { summary: 'done', output_tail: '{"verdict":"rejected"}' }, '{"verdict":"rejected"}'],
    ['else the summary', { summary: 'looks good' }, 'looks good'],
  ])('says its verdict by %s', (_, over, output) => {
    const usage = { model: 'm', input_tokens: 1, output_tokens: 1 };
    expect(after({ ...over, usage })?.reviewer).toEqual({ holder: 'agent:r', model: 'm', output });
  });

  it('that failed, or was ended by hand, has no verdict', () => {
    const by = cancel(held('agent:r', input), { message_id: 'x', reason: null, by: 'x' }, T0).state;
    expect(reportOf(by)?.reviewer).toBeNull();
    const manual = completion({ manual: true, holder: 'carol' });
    expect(reportOf(complete(created(input), manual, T0, 0).state)?.reviewer).toBeNull();
  });
});

describe('the outbox', () => {
  const base = reportOf(fresh()) as ForgeReport;
  const report = (over: Partial<ForgeReport> = {}): ForgeReport => ({ ...base, ...over });
  const empty: ReportState = { wanted: null, told: null, comment_id: null, problem: null };
  const input: ReportInput = { task_id: 't', product: 'p', origin: ORIGIN };
  const problem = { code: 'forbidden', message: '' };

  it.each([
    ['a newer one', { seq: 5 }, true],
    ['the same', { seq: 4 }, false],
    ['an older one', { seq: 3 }, false],
    ['one of another run', { seq: 1, run_key: 'run-2' }, true],
  ])('after the fourth report: %s', (_, over, taken) => {
    const state = { ...wanted(empty, report({ seq: 4 })), problem };
    const next = wanted(state, report(over));
    expect(next !== state).toBe(taken);
    expect(next.problem).toBe(taken ? null : problem);
  });

  it.each([
    ['nothing came', empty, false, false],
    ['it is to be told', { ...empty, wanted: report() }, true, false],
    ['it was refused', { ...empty, wanted: report(), problem }, false, false],
    [
      'it is told',
      { ...empty, wanted: report({ seq: 1 }), told: { run_key: 'run-1', seq: 1 } },
      false,
      false,
    ],
    ['the end is to be told', { ...empty, wanted: report({ status: 'failed' }) }, true, false],
    ['the end was refused', { ...empty, wanted: report({ status: 'failed' }), problem }, false, true],
    [
      'the end is told',
      { ...empty, wanted: report({ status: 'completed', seq: 2 }), told: { run_key: 'run-1', seq: 2 } },
      false,
      true,
    ],
  ])('when %s', (_, state, due, over) => {
    expect([isDue(state), isOver(state)]).toEqual([due, over]);
  });

  it.each<[string, Partial<ForgeReport>, Partial<ReportState>, string | null]>([
    ['in review, with a pull request', {}, {}, `run-1:2:${sha('a')}`],
    ['asked already', {}, { asked: `run-1:2:${sha('a')}` }, null],
    ['asked of another head', {}, { asked: `run-1:2:${sha('b')}` }, `run-1:2:${sha('a')}`],
    ['approved', { pull: { ...opened().pull, approved: true } as ForgeReport['pull'] }, {}, null],
    ['without a pull request', { pull: null }, {}, null],
    ['at work', { status: 'running' }, {}, null],
  ])('asks for a review of a task %s', (_, over, state, key) => {
    const pull = { ...opened().pull, approved: false } as ForgeReport['pull'];
    const asking = report({ status: 'review_pending', review_count: 2, pull, ...over });
    expect(reviewKey(input, { ...empty, ...state }, asking)).toBe(key);
    const judged = {
      ...ORIGIN,
      review_of: { task_id: 't', round: 0, pull: 7, head_sha: sha('a'), ...JUDGED },
    };
    expect(reviewKey({ ...input, origin: judged }, empty, asking)).toBeNull();
  });

  it('hands on the comment that it knows', () => {
    expect(tellingOf(input, { ...empty, comment_id: 3 }, report())).toEqual({
      ...input,
      report: report(),
      comment_id: 3,
    });
  });
});

const PUSH = { message_id: 'p', what: 'pushed', pull: null, by: 'alice' } as const;
const EDIT = {
  message_id: 'e',
  title: 'a title',
  body: { inline: 'true' },
  labels: ['agent:code'],
  updated_at: 5,
};

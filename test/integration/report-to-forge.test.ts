/** What a task tells its forge: nothing is lost, nothing old is told last, and the task waits for none of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/client';
import type { Role } from '../../workers/role';
import { CONTROL_QUEUE, reportWorkflowId } from '../../workflows/names';
import type { ReportState } from '../../workflows/report/types';
import { startControl } from '../helpers/control-worker';
import { fromForge, heard, ORIGIN, opened, sha } from '../helpers/forge-task';
import { type RecordingForge, recordingForge, startForgeWorker } from '../helpers/forge-worker';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { startTask, type TaskDriver } from '../helpers/task-driver';
import { waitUntil } from '../helpers/wait-until';

const JUDGED = { run_key: 'run-1', change: 'c', authors: { holders: [], models: [] } };

let engine: TestNamespace;
let control: Role | null = null;
let worker: Awaited<ReturnType<typeof startForgeWorker>> | null = null;
let forge: RecordingForge;

beforeAll(async () => {
  engine = await createNamespace('report');
  control = await startControl(engine.temporal);
});

beforeEach(async () => {
  forge = recordingForge();
  worker = await startForgeWorker(engine.temporal, forge.activities);
});

afterEach(async () => {
  await worker?.stop();
  worker = null;
});

afterAll(async () => {
  await control?.stop();
  await engine?.close();
});

const start = (over: Parameters<typeof startTask>[1] = {}) => startTask(engine.client, fromForge(over));
const reportOf = ({ input }: TaskDriver) =>
  engine.client.workflow.getHandle<() => Promise<ReportState>>(reportWorkflowId(input.task_id));
const told = ({ input }: TaskDriver) => forge.of(input.task_id).map(({ report }) => report);
const merge = heard({ state: 'merged', updated_at: 900 });
const untilTold = (task: TaskDriver, status: string) =>
  waitUntil(() => told(task).some((report) => report.status === status), { what: `${status} to be told` });
const untilTried = (times: number) => waitUntil(() => forge.tries >= times, { what: `${times} tries` });

describe('the forge', () => {
  it('is told of each change, in order, and of the end; the comment is the same all along', async () => {
    const task = await start({ title: 'A title' });
    await untilTold(task, 'created');
    await task.claim('agent:a');
    await untilTold(task, 'assigned');
    await task.complete();
    await untilTold(task, 'review_pending');
    await task.review('approved');
    await task.handle.result();
    const state = await reportOf(task).result();
    const reports = told(task);
    expect(reports.map(({ status }) => status)).toEqual([
      'created',
      'assigned',
      'review_pending',
      'completed',
    ]);
    expect(reports.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    const [first, ...later] = forge.of(task.input.task_id).map(({ comment_id }) => comment_id);
    expect(first).toBeNull();
    expect(new Set(later)).toEqual(new Set([state.comment_id]));
    expect(state).toMatchObject({ told: { seq: 4 }, problem: null });
    const { events } = await task.handle.fetchHistory();
    const starts = events?.filter((e) => e.startChildWorkflowExecutionInitiatedEventAttributes);
    expect(starts).toHaveLength(1);
    expect(forge.told[0]).toMatchObject({ origin: ORIGIN, product: 'default', report: { title: 'A title' } });
  });

  it('is not told of renewals, and hears nothing of a task that is not its own', async () => {
    const task = await start();
    const other = await startTask(engine.client);
    await untilTold(task, 'created');
    const { activity_id } = await task.claim('agent:a');
    await other.claim('agent:a');
    await untilTold(task, 'assigned');
    await waitUntil(() => task.heartbeat(activity_id).then(() => true), { what: 'the lease activity' });
    for (let i = 0; i < 50; i++) await task.heartbeat(activity_id);
    await task.cancel();
    await other.cancel();
    await reportOf(task).result();
    expect(forge.told).toHaveLength(3);
    await expect(reportOf(other).describe()).rejects.toThrow(WorkflowNotFoundError);
    const { events } = await other.handle.fetchHistory();
    const children = events?.filter((e) => e.startChildWorkflowExecutionInitiatedEventAttributes);
    expect(children).toEqual([]);
  });

  it('that is away for a while delays the task by nothing, and hears the newest when it is back', async () => {
    forge.before = () => {
      throw new Error('away');
    };
    const task = await start();
    await untilTried(2);
    await task.claim('agent:a');
    await task.complete();
    await task.review('approved');
    expect((await task.handle.result()).view.status).toBe('completed');
    await untilTried(forge.tries + 2);
    expect((await reportOf(task).describe()).status.name).toBe('RUNNING');
    forge.before = () => undefined;
    expect(await reportOf(task).result()).toMatchObject({ told: { seq: 4 } });
    expect(told(task).map(({ status }) => status)).toEqual(['completed']);
  });

  it('is asked by one try at a time, however fast the task changes', async () => {
    let open = 0;
    let most = 0;
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    forge.before = async () => {
      open += 1;
      most = Math.max(most, open);
      await gate;
      open -= 1;
    };
    const task = await start();
    await untilTried(1);
    for (let epoch = 1; epoch <= 7; epoch += 2) {
      await task.claim('agent:a');
      await task.release(epoch, 'agent:a');
    }
    await task.cancel();
    await task.handle.result();
    release();
    await reportOf(task).result();
    expect(most).toBe(1);
    // What was under way went to its end, and its comment is known to the one that is told last.
    expect(forge.told.map(({ comment_id, report }) => [comment_id, report.status])).toEqual([
      [null, 'created'],
      [901, 'cancelled'],
    ]);
  });

  it('is told in the end when every worker went away in between', async () => {
    forge.before = () => {
      throw new Error('away');
    };
    const task = await start();
    await untilTried(1);
    await task.cancel();
    await task.handle.result();
    await worker?.stop();
    worker = null;
    await control?.stop();
    control = null;
    const after = recordingForge();
    control = await startControl(engine.temporal);
    worker = await startForgeWorker(engine.temporal, after.activities);
    await reportOf(task).result();
    expect(after.of(task.input.task_id).map(({ report }) => report.status)).toEqual(['cancelled']);
  });

  it('that refuses for good is left alone until something changes, with the reason in the memo', async () => {
    const refusal = ApplicationFailure.nonRetryable('the token may not write there', 'forbidden');
    forge.before = () => {
      throw refusal;
    };
    const task = await start();
    const memo = async () => (await reportOf(task).describe()).memo?.problem;
    const problem = { code: 'forbidden', message: 'the token may not write there' };
    await waitUntil(memo, { what: 'the problem' });
    expect(await memo()).toEqual(problem);
    expect(forge.tries).toBe(1);
    forge.before = () => undefined;
    await task.claim('agent:a');
    await untilTold(task, 'assigned');
    await waitUntil(async () => !(await memo()), { what: 'the problem to be gone' });
    forge.before = () => {
      throw refusal;
    };
    await task.cancel();
    expect(await reportOf(task).result()).toMatchObject({ told: { seq: 2 }, problem });
  });
});

describe('a report', () => {
  it('tells the task of the pull request that was opened for it, and asks for one review of each round', async () => {
    const pull = { ...opened().pull } as NonNullable<ReturnType<typeof opened>['pull']>;
    forge.answer = ({ report }) => ({
      comment_id: 5,
      pull: report.status === 'review_pending' ? pull : null,
    });
    const task = await start();
    await task.claim('agent:a');
    await task.complete();
    await task.until('it knows the pull request', (r) => r.view.pull?.number === 7);
    await waitUntil(() => forge.asked.length > 0, { what: 'the review to be asked for' });
    expect(forge.asked[0]).toMatchObject({
      comment_id: 5,
      report: {
        status: 'review_pending',
        review_count: 0,
        pull: { number: 7, head_sha: sha('a') },
        authors: { holders: ['agent:a'] },
      },
    });
    await task.edit({ title: 'another title', updated_at: 5 });
    await waitUntil(() => told(task).some(({ title }) => title === 'another title'), { what: 'the title' });
    await task.review('rejected');
    await task.claim('agent:b');
    await task.complete({ epoch: 2, holder: 'agent:b' });
    await waitUntil(() => forge.asked.length > 1, { what: 'the next review to be asked for' });
    await task.hear(merge);
    await reportOf(task).result();
    expect(forge.asked.map(({ report }) => report.review_count)).toEqual([0, 1]);
    expect(told(task).at(-1)).toMatchObject({ status: 'completed', pull: { state: 'merged' } });
  });

  it('continues as new, and so does its task, without telling anything twice', async () => {
    const task = await start({ max_history_events: 20 });
    const first = (await waitUntil(() => reportOf(task).describe(), { what: 'the report' })).runId;
    await untilTold(task, 'created');
    for (let epoch = 1; epoch <= 9; epoch += 2) {
      await task.claim('agent:a');
      await waitUntil(() => told(task).length >= epoch + 1, { what: 'the grant to be told' });
      await task.release(epoch, 'agent:a');
      await waitUntil(() => told(task).length >= epoch + 2, { what: 'the release to be told' });
    }
    await task.cancel();
    const state = await reportOf(task).result();
    const seqs = told(task).map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs.keys()].map((i) => i + 1));
    expect(state.comment_id).toBe(901);
    expect((await reportOf(task).describe()).runId).not.toBe(first);
  });

  it('of a task that is run again is the same while it is open, and another once it is closed', async () => {
    forge.before = () => {
      throw new Error('away');
    };
    const task = await start();
    await untilTried(1);
    await task.cancel();
    await task.handle.result();
    const first = (await reportOf(task).describe()).runId;
    const again = (first_epoch: number) =>
      engine.client.workflow.start('task', {
        workflowId: task.handle.workflowId,
        taskQueue: CONTROL_QUEUE,
        args: [{ input: { ...task.input, first_epoch } }],
      });
    const signals = async () =>
      (await reportOf(task).fetchHistory()).events?.filter((e) => e.workflowExecutionSignaledEventAttributes)
        .length;
    expect(await signals()).toBe(1);
    await again(10);
    await waitUntil(async () => (await signals()) === 2, { what: 'the report to hear of the new run' });
    await task.claim('agent:a');
    forge.before = () => undefined;
    await untilTold(task, 'assigned');
    expect((await reportOf(task).describe()).runId).toBe(first);
    await task.cancel();
    await reportOf(task).result();
    // It ends a step after it has told its report.
    await task.handle.result();
    await again(20);
    await task.cancel();
    await task.handle.result();
    await reportOf(task).result();
    expect((await reportOf(task).describe()).runId).not.toBe(first);
    expect(told(task).at(-1)?.status).toBe('cancelled');
  });

  it('of a review task is told once, at its end, with the verdict', async () => {
    const review_of = { task_id: 'org/repo#1', round: 0, pull: 7, head_sha: sha('a'), ...JUDGED };
    const task = await start({ review: 'none', origin: { ...ORIGIN, review_of } });
    await task.claim('agent:r');
    const summary = '{"verdict":"approved","findings":[],"confidence":1}';
    const receipt = { status: 'completed', summary, artifacts: {}, duration_ms: 1 } as const;
    await task.complete({ holder: 'agent:r', receipt });
    await task.handle.result();
    await reportOf(task).result();
    expect(told(task)).toMatchObject([
      { status: 'completed', reviewer: { holder: 'agent:r', model: null, output: summary } },
    ]);
    expect(forge.asked).toEqual([]);
  });
});

/** Review tasks: made for a pull request, and their verdict posted and told, once. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readTask } from '../../api/read-task';
import { readArgs } from '../../api/task-history';
import type { PullFacts } from '../../contracts/forge';
import type { Work } from '../../contracts/task';
import { taskWorkflowId } from '../../workflows/names';
import type { ForgeReport, TellForgeArgs } from '../../workflows/report/types';
import { persistently, REVIEWER, SOURCE } from '../helpers/forge-context';
import { issueEvent, pullEvent } from '../helpers/forge-events';
import { forgeReport } from '../helpers/forge-report';
import { type ForgeEngine, startForgeEngine } from '../helpers/forge-system';
import { type MemoryForge, REPOSITORY } from '../helpers/memory-forge';
import { driveTask } from '../helpers/task-driver';
import { taskInput } from '../helpers/task-input';
import { receipt } from '../helpers/task-state';
import { waitUntil } from '../helpers/wait-until';

let base: ForgeEngine;
let engine: ForgeEngine['engine'];
let forge: MemoryForge;
let system: ReturnType<ForgeEngine['open']>['system'];
let issues = 0;

beforeAll(async () => {
  base = await startForgeEngine('review');
  ({ engine } = base);
});

afterAll(() => base?.close());

beforeEach(() => {
  ({ forge, system } = base.open({ review: { by: 'agents' }, template: 'shell' }));
});

afterEach(() => system.close());

const drive = (id: string) =>
  driveTask(engine.client, engine.client.workflow.getHandle(taskWorkflowId(id)), taskInput({ task_id: id }));

const reading = (id: string) =>
  waitUntil(async () => (await readTask(system.ctx, id)).report, { what: `an answer of ${id}` });

interface Judged {
  id: string;
  pull: PullFacts;
  args: TellForgeArgs;
}

/** A task whose pull request waits for review, and what its report says. */
async function handedIn(author = 'agent'): Promise<Judged> {
  issues += 1;
  const id = `${REPOSITORY}#${issues}`;
  const deliver = (event: Parameters<typeof system.activities.handleDelivery>[0]['event']) =>
    system.activities.handleDelivery({ source: SOURCE, delivery_id: 'd', received_at: 0, event });
  await deliver(issueEvent(forge, issues, 'opened', forge.setIssue(issues)));
  const task = drive(id);
  await task.claim('agent:a');
  const pull = forge.addPull({ head: `task/org-repo-${issues}`, author });
  await deliver(pullEvent(pull, 'opened'));
  await task.complete({ epoch: 1, holder: 'agent:a', receipt: receipt({ usage: { model: 'm-1' } }) });
  const { view } = await task.until('it waits for review', (r) => r.view.status === 'review_pending');
  const { pull: known, authors } = await reading(id);
  const report = forgeReport({
    status: 'review_pending',
    title: view.title,
    branch_name: view.branch_name,
    pull: known ?? null,
    authors: authors ?? { holders: [], models: [] },
  });
  const origin = { ...view.origin, base_branch: 'main' } as TellForgeArgs['origin'];
  return { id, pull, args: { task_id: id, product: 'default', origin, report, comment_id: null } };
}

/** What the reviewer said, as the report of its task has it. */
async function reviewed(id: string, said: object | string, over: Partial<ForgeReport> = {}) {
  const { input } = (await reviewInput(id)) ?? {};
  if (!input?.origin) throw new Error('no origin');
  const output = typeof said === 'string' ? said : JSON.stringify(said);
  const report = forgeReport({
    run_key: `run-of-${id}`,
    status: 'completed',
    reviewer: { holder: 'agent:r', model: 'm-2', output },
    ...over,
  });
  return { task_id: id, product: 'default', origin: input.origin, report, comment_id: null };
}

async function reviewInput(id: string) {
  const { runId, workflowId } = await engine.client.workflow.getHandle(taskWorkflowId(id)).describe();
  return readArgs(system.ctx, { runId, workflowId });
}

const REJECTED = {
  verdict: 'rejected',
  findings: [{ file: 'x', line: 1, message: 'no test' }],
  confidence: 0.8,
};
const APPROVED = { verdict: 'approved', findings: [], confidence: 0.97 };

describe('a review task', () => {
  it('is made once, and not for whoever wrote the change', async () => {
    const { id, args, pull } = await handedIn();
    await system.activities.askForReview(args);
    await system.activities.askForReview(args);
    const review = `${id}/review-1`;
    const { view } = await reading(review);
    expect(view).toMatchObject({
      labels: ['agent:review'],
      review: 'none',
      not_by: ['agent:a'],
      template: 'shell',
    });
    const { work } = await drive(review).claim('agent:r', { capabilities: ['agent:review'] });
    expect(work).toMatchObject({ branch_name: pull.head.branch } satisfies Partial<Work>);
    expect(JSON.stringify(work)).toContain('diff --git');
    const task = drive(`${id}/review-1`);
    await task.cancel();
  });

  it('that is outdated by a push gives way to another', async () => {
    const { id, args, pull } = await handedIn();
    await system.activities.askForReview(args);
    forge.setPull(pull.number, { head: { ...pull.head, sha: 'e'.repeat(40) } });
    await expect(system.activities.askForReview(args)).rejects.toMatchObject({ type: 'wait' });
    await persistently(() => system.activities.askForReview(args));
    const args2 = await reviewInput(`${id}/review-1`);
    expect(args2?.input.origin?.review_of).toMatchObject({ head_sha: 'e'.repeat(40), task_id: id });
    expect((await reading(`${id}/review-1`)).view.status).toBe('created');
  });

  it('is made for those who ask for one only', async () => {
    const { id, args } = await handedIn();
    const asked = (report: Partial<ForgeReport>) =>
      system.activities.askForReview({ ...args, report: { ...args.report, ...report } });
    await asked({ status: 'running' });
    await asked({ pull: null });
    await asked({ pull: args.report.pull && { ...args.report.pull, approved: true } });
    await expect(readTask(system.ctx, `${id}/review-1`)).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe('its verdict', () => {
  it.each(['before', 'after'] as const)(
    'is posted once and told once, although the answer is lost %s it was there',
    async (when) => {
      const { id, args, pull } = await handedIn();
      await system.activities.askForReview(args);
      const told = await reviewed(`${id}/review-1`, REJECTED);
      forge.failAt(1, when);
      await expect(system.activities.tellForge(told)).rejects.toMatchObject({ type: 'unavailable' });
      forge.heal();
      await system.activities.tellForge(told);
      await system.activities.tellForge(told);
      expect(forge.world.reviews).toMatchObject([
        { number: pull.number, author: REVIEWER, event: 'request_changes', head_sha: pull.head.sha },
      ]);
      expect(await reading(id)).toMatchObject({
        view: { status: 'created', review_count: 1, findings: REJECTED.findings },
      });
    },
  );

  it('approves when it is sure', async () => {
    const { id, args } = await handedIn();
    await system.activities.askForReview(args);
    await system.activities.tellForge(await reviewed(`${id}/review-1`, APPROVED));
    expect(forge.world.reviews).toMatchObject([{ event: 'approve' }]);
    expect((await reading(id)).pull).toMatchObject({ approved: true });
  });

  it.each([
    ['is not sure', { ...APPROVED, confidence: 0.5 }, {}, /not sure enough/],
    ['cannot be read', 'fine by me', {}, /no verdict that can be read/],
    [
      'is of the author',
      APPROVED,
      { reviewer: { holder: 'agent:a' as const, model: null, output: JSON.stringify(APPROVED) } },
      /worked on this change/,
    ],
    [
      'is of the same model',
      APPROVED,
      { reviewer: { holder: 'agent:r' as const, model: 'm-1', output: JSON.stringify(APPROVED) } },
      /the model that wrote/,
    ],
  ])('that %s is a comment, and the task goes on waiting', async (_, said, over, expected) => {
    const { id, args, pull } = await handedIn();
    await system.activities.askForReview(args);
    const told = await reviewed(`${id}/review-1`, said, over);
    await system.activities.tellForge(told);
    await system.activities.tellForge(told);
    expect(forge.world.reviews).toEqual([]);
    expect(forge.world.comments).toMatchObject([
      { number: pull.number, body: expect.stringMatching(expected) },
    ]);
    const { view, pull: known } = await reading(id);
    expect(view.status).toBe('review_pending');
    expect(known?.approved).toBe(false);
  });

  it('is posted as a comment where the forge lets nobody judge what is their own, and counts', async () => {
    const { id, args } = await handedIn(REVIEWER);
    await system.activities.askForReview(args);
    const told = await reviewed(`${id}/review-1`, REJECTED);
    forge.failAt(1, 'after');
    await expect(system.activities.tellForge(told)).rejects.toMatchObject({ type: 'unavailable' });
    forge.heal();
    await system.activities.tellForge(told);
    expect(forge.world.reviews).toEqual([]);
    expect(forge.world.comments).toHaveLength(1);
    expect((await reading(id)).view.review_count).toBe(1);
  });

  it('on a commit that is not the newest counts for nothing', async () => {
    const { id, args, pull } = await handedIn();
    await system.activities.askForReview(args);
    const told = await reviewed(`${id}/review-1`, APPROVED);
    forge.setPull(pull.number, { head: { ...pull.head, sha: 'e'.repeat(40) } });
    await system.activities.tellForge(told);
    expect(forge.world.reviews).toEqual([]);
    expect((await reading(id)).pull).toMatchObject({ approved: false });
  });

  it('that never comes is told as well', async () => {
    const { id, args } = await handedIn();
    await system.activities.askForReview(args);
    const reason = { code: 'run_timeout', message: 'too long' };
    const told = await reviewed(`${id}/review-1`, '', { status: 'failed', reason, reviewer: null });
    await system.activities.tellForge(told);
    await system.activities.tellForge(told);
    expect(forge.world.comments).toMatchObject([
      { author: REVIEWER, body: expect.stringContaining('run_timeout') },
    ]);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { ForgeError, type ForgeIssue } from '../../activities/forge/forge';
import { verdictMarker } from '../../activities/forge/markers';
import { readTask } from '../../api/read-task';
import { configSchema } from '../../contracts/config';
import type { ForgeEvent } from '../../contracts/forge';
import { registerHolder } from '../../dispatch/holders';
import type { RoleDeps } from '../../workers/role';
import { taskWorkflowId } from '../../workflows/names';
import { TASK_BRANCH } from '../../workflows/search-attributes';
import { startControl } from '../helpers/control-worker';
import { BOT, persistently, SOURCE } from '../helpers/forge-context';
import { commentEvent, issueEvent, pullEvent, pushEvent, reviewEvent } from '../helpers/forge-events';
import { type ForgeEngine, startForgeEngine } from '../helpers/forge-system';
import { type MemoryForge, REPOSITORY } from '../helpers/memory-forge';
import { driveTask } from '../helpers/task-driver';
import { taskInput } from '../helpers/task-input';
import { waitUntil } from '../helpers/wait-until';

let base: ForgeEngine;
let engine: ForgeEngine['engine'];
let forge: MemoryForge;
let system: ReturnType<ForgeEngine['open']>['system'];
let issues = 0;
let deliveries = 0;

beforeAll(async () => {
  base = await startForgeEngine('forge');
  ({ engine } = base);
});

afterAll(() => base?.close());

beforeEach(() => {
  ({ forge, system } = base.open());
});

afterEach(() => system.close());

const deliverOnce = (event: ForgeEvent, source = SOURCE) => {
  deliveries += 1;
  return system.activities.handleDelivery({
    source,
    delivery_id: `d-${deliveries}`,
    received_at: Date.now(),
    event,
  });
};

/** As the engine does it: what has to wait is tried again. */
const deliver = (event: ForgeEvent) => persistently(() => deliverOnce(event));

const idOf = (number: number) => `${REPOSITORY}#${number}`;
const viewOf = (number: number) =>
  waitUntil(async () => (await readTask(system.ctx, idOf(number))).report?.view, {
    what: `an answer of ${idOf(number)}`,
  });
const describeTask = (number: number) =>
  engine.client.workflow.getHandle(taskWorkflowId(idOf(number))).describe();
const drive = (number: number) =>
  driveTask(
    engine.client,
    engine.client.workflow.getHandle(taskWorkflowId(idOf(number))),
    taskInput({ task_id: idOf(number) }),
  );
const untilStatus = (number: number, status: string) =>
  waitUntil(async () => (await viewOf(number)).status === status, {
    what: `${idOf(number)} to be ${status}`,
  });

/** An issue of its own for each test, whose task has been started. */
async function begun() {
  issues += 1;
  const at = forge.setIssue(issues);
  const event = issueEvent(forge, issues, 'opened', at);
  await deliver(event);
  return { number: issues, event };
}

/** Somebody has worked on it, and opened a pull request. */
async function pulled() {
  const { number } = await begun();
  const task = drive(number);
  await task.claim('agent:a');
  const branch = `task/org-repo-${number}`;
  forge.world.branches.set(branch, 'c'.repeat(40));
  const pull = forge.addPull({ head: branch });
  await deliver(pullEvent(pull, 'opened'));
  await task.complete({ epoch: 1, holder: 'agent:a' });
  await untilStatus(number, 'review_pending');
  return { number, pull, task };
}

describe('an issue', () => {
  it('gets one task, however often it is told of it', async () => {
    const { number, event } = await begun();
    expect(await deliver(event)).toEqual(['nothing: the task is as the issue says']);
    expect(await viewOf(number)).toMatchObject({
      title: 'a title',
      labels: ['agent:code'],
      review: 'required',
      branch_name: `task/org-repo-${number}`,
      repository: `http://forge.invalid/${REPOSITORY}.git`,
    });
    const { typedSearchAttributes, memo } = await describeTask(number);
    expect(typedSearchAttributes.get(TASK_BRANCH)).toBe(`${SOURCE}/${REPOSITORY}:task/org-repo-${number}`);
    expect(JSON.stringify(memo)).not.toContain('what to do');
  });

  it('gets one task of many deliveries at once', async () => {
    issues += 1;
    const at = forge.setIssue(issues);
    const lines = await Promise.all(
      (['opened', 'labelled', 'edited', 'labelled'] as const).map((action) =>
        deliver(issueEvent(forge, issues, action, at)),
      ),
    );
    // A try that did not hear the task answer leaves its line out.
    expect(lines.flat().filter((line) => line.startsWith('started')).length).toBeLessThan(2);
    const { runId, raw } = await describeTask(issues);
    expect(raw.workflowExecutionInfo?.firstRunId).toBe(runId);
    expect(await viewOf(issues)).toMatchObject({ status: 'created', epoch: 0 });
  });

  it('gets one task although the process dies right after it was made', async () => {
    issues += 1;
    const event = issueEvent(forge, issues, 'opened', forge.setIssue(issues));
    const put = system.ctx.board.put;
    system.ctx.board.put = () => {
      throw new Error('the process died');
    };
    await expect(deliver(event)).rejects.toThrow('died');
    system.ctx.board.put = put;
    await deliver(event);
    expect((await viewOf(issues)).epoch).toBe(0);
  });

  it('gets none without its label, and one of another forge of the same name none either', async () => {
    issues += 1;
    const at = forge.setIssue(issues, { labels: ['bug'] });
    expect(await deliver(issueEvent(forge, issues, 'opened', at))).toEqual([
      'nothing: the issue is none of ours',
    ]);
    await expect(describeTask(issues)).rejects.toThrow();
  });

  it('cancels its task when it is closed, and begins it again when it is reopened, with what it says by then', async () => {
    const { number } = await begun();
    const closed = issueEvent(forge, number, 'closed', forge.setIssue(number, { open: false }));
    await deliver(closed);
    await untilStatus(number, 'cancelled');
    const reopened = issueEvent(
      forge,
      number,
      'reopened',
      forge.setIssue(number, { open: true, title: 'another title' }),
    );
    expect(await deliver(reopened)).toEqual([`started ${idOf(number)} again`]);
    expect(await viewOf(number)).toMatchObject({ status: 'created', title: 'another title', epoch: 1 });
    // Both once more, and the task is ended by a person in between.
    await deliver(closed);
    expect(await viewOf(number)).toMatchObject({ status: 'created' });
    await drive(number).cancel();
    await untilStatus(number, 'cancelled');
    expect(await deliver(reopened)).toEqual(['nothing: this has had the task run again before']);
  });

  it('that changes while it is dealt with is looked at once more', async () => {
    const { number } = await begun();
    const source = system.ctx.sources.get(SOURCE);
    if (!source) throw new Error('no source');
    const { issue } = source.forge;
    /** The answer is on its way when somebody does this. */
    const meanwhile = (which: number, change: Partial<ForgeIssue>) => {
      source.forge.issue = async (...of) => {
        const answer = await issue.apply(source.forge, of);
        source.forge.issue = issue;
        forge.setIssue(which, change);
        return answer;
      };
    };
    const closed = issueEvent(forge, number, 'closed', forge.setIssue(number, { open: false }));
    meanwhile(number, { open: true });
    expect((await deliver(closed)).at(-1)).toBe(`started ${idOf(number)} again`);
    expect((await viewOf(number)).status).toBe('created');

    issues += 1;
    const opened = issueEvent(forge, issues, 'opened', forge.setIssue(issues));
    meanwhile(issues, { labels: [] });
    expect((await deliver(opened)).at(-1)).toMatch(/^cancel: (cancelled|told, and not answered yet)$/);
    await untilStatus(issues, 'cancelled');
  });

  it('that was edited is told to its task', async () => {
    const { number } = await begun();
    const at = forge.setIssue(number, { title: 'new', labels: ['signalbox', 'agent:docs'] });
    await deliver(issueEvent(forge, number, 'edited', at));
    expect(await viewOf(number)).toMatchObject({ title: 'new', labels: ['agent:docs'] });
  });

  it('says what to do when the forge refuses, and waits when it asks for that', async () => {
    issues += 1;
    const event = issueEvent(forge, issues, 'opened', forge.setIssue(issues));
    const source = system.ctx.sources.get(SOURCE);
    if (!source) throw new Error('no source');
    const { issue } = source.forge;
    source.forge.issue = () => Promise.reject(new ForgeError('rejected', 'it is archived'));
    await expect(deliver(event)).rejects.toMatchObject({
      type: 'rejected',
      nonRetryable: true,
      message: `${SOURCE}: it is archived`,
    });
    // A person can make a new token.
    source.forge.issue = () => Promise.reject(new ForgeError('unauthorized', 'make a new token'));
    await expect(deliver(event)).rejects.toMatchObject({ nonRetryable: false, nextRetryDelay: 300_000 });
    source.forge.issue = () => Promise.reject(new ForgeError('rate_limited', 'later', 7_000));
    const failure: ApplicationFailure = await deliver(event).then(
      () => Promise.reject(new Error('was not refused')),
      (error) => error,
    );
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'rate_limited', nonRetryable: false, nextRetryDelay: 7_000 });
    source.forge.issue = issue;
    await deliver(event);
    expect((await viewOf(issues)).status).toBe('created');
    await expect(deliverOnce(event, 'elsewhere')).rejects.toMatchObject({ type: 'unknown_source' });
  });
});

describe('a command', () => {
  const bodies = () => forge.world.comments.map(({ body }) => body);

  it('is carried out for those who may write, once', async () => {
    const { number } = await begun();
    const cancel = commentEvent(number, 501, '/signalbox cancel');
    await deliver(cancel);
    await untilStatus(number, 'cancelled');
    const retry = commentEvent(number, 502, '/signalbox retry');
    expect(await deliver(retry)).toEqual([`started ${idOf(number)} again`]);
    expect(await deliver(retry)).toEqual(['nothing: this command was carried out before']);
    expect(await deliver(cancel)).toEqual(['nothing: this command was carried out before']);
    expect((await viewOf(number)).status).toBe('created');
    expect(bodies()).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'is answered once, although the answer is lost %s it is there',
    async (when) => {
      const { number } = await begun();
      const event = commentEvent(number, 503, '/signalbox cancel', 'eve');
      forge.failAt(1, when);
      await expect(deliver(event)).rejects.toMatchObject({ type: 'unavailable' });
      forge.heal();
      await deliver(event);
      await deliver(event);
      expect(bodies()).toEqual([expect.stringContaining('may write')]);
      expect((await viewOf(number)).status).toBe('created');
    },
  );

  it('assigns to an agent, and says so when there is none', async () => {
    const { number } = await begun();
    await registerHolder(engine.client, {
      kind: 'agent',
      id: 'worker-1',
      capabilities: ['agent:code'],
      slots: 1,
      version: null,
      product: null,
      presence_ms: 60_000,
    });
    await deliver(commentEvent(number, 504, '/signalbox assign nobody-1'));
    expect(bodies()).toEqual([expect.stringContaining('no agent and no host is called nobody-1')]);
    expect(await deliver(commentEvent(number, 505, '/signalbox assign worker-1'))).toEqual([
      'assigned to agent:worker-1',
    ]);
    expect(await viewOf(number)).toMatchObject({ status: 'assigned', assigned_agent_id: 'worker-1' });
    await deliver(commentEvent(number, 506, '/signalbox assign worker-1'));
    expect(bodies().at(-1)).toContain('in the status created only');
  });

  it('on the pull request is for its task', async () => {
    const { number, pull } = await pulled();
    await deliver(commentEvent(pull.number, 507, '/signalbox approve', 'alice', true));
    expect((await drive(number).report()).pull).toMatchObject({ approved: true });
  });

  it('where there is no task is answered', async () => {
    await deliver(commentEvent(99_999, 508, '/signalbox retry'));
    expect(bodies()).toEqual([expect.stringContaining('no task')]);
  });
});

describe('a pull request', () => {
  it('of the branch of a task makes it wait for review, and ends it by its merge', async () => {
    const { number, pull } = await pulled();
    expect((await drive(number).report()).pull).toMatchObject({ number: pull.number, state: 'open' });
    expect(await deliver(pushEvent(pull.head.branch, 'd'.repeat(40)))).toEqual([
      expect.stringMatching(/^pushed: (pushed|told, and not answered yet)$/),
    ]);
    await deliver(pullEvent(forge.setPull(pull.number, { open: false, merged: true }), 'closed'));
    await untilStatus(number, 'completed');
  });

  it('that is merged counts so, although the closing of the issue comes first', async () => {
    const { number, pull } = await pulled();
    forge.setPull(pull.number, { open: false, merged: true });
    const at = forge.setIssue(number, { open: false });
    await deliver(issueEvent(forge, number, 'closed', at));
    await untilStatus(number, 'completed');
  });

  it('that is closed without a merge cancels the task; told once more, it leaves the next run alone', async () => {
    const { number, pull } = await pulled();
    const closed = pullEvent(forge.setPull(pull.number, { open: false }), 'closed');
    await deliver(closed);
    await untilStatus(number, 'cancelled');
    await deliver(commentEvent(number, 509, '/signalbox retry'));
    expect(await deliver(closed)).toEqual(['nothing: it is about an earlier run of the task']);
    expect((await viewOf(number)).status).toBe('created');
  });

  it('is found by a branch that people name after the issue', async () => {
    const { number } = await begun();
    const pull = forge.addPull({ head: `task/anna/${number}-log-in` });
    await deliver(pullEvent(pull, 'opened'));
    expect((await drive(number).report()).pull).toMatchObject({ number: pull.number });
  });

  it('of no task changes nothing', async () => {
    const from = Date.now();
    expect(await deliver(pullEvent(forge.addPull({ head: 'feature' }), 'opened'))).toEqual([
      'nothing: no task has this branch',
    ]);
    expect(Date.now() - from).toBeLessThan(10_000);
    await deliver(pullEvent(forge.addPull({ head: 'task/77777' }), 'opened'));
    await deliver(pushEvent("it's", 'd'.repeat(40)));
  });
});

describe('a review', () => {
  it('that asks for changes sends the task back with what it found, once', async () => {
    const { number, pull } = await pulled();
    forge.world.findings = [{ file: 'a.ts', line: 3, message: 'off by one' }];
    const event = reviewEvent(pull, 'rejected');
    await deliver(event);
    await deliver(event);
    expect(await viewOf(number)).toMatchObject({
      status: 'created',
      review_count: 1,
      findings: [{ message: 'please look again' }, { file: 'a.ts', line: 3, message: 'off by one' }],
    });
  });

  it('that approves leaves it to the merge', async () => {
    const { number, pull } = await pulled();
    await deliver(reviewEvent(pull, 'approved'));
    expect((await drive(number).report()).pull).toMatchObject({ approved: true });
    expect((await viewOf(number)).status).toBe('review_pending');
  });

  it('of a stranger, or of an older commit, does not count', async () => {
    const { number, pull } = await pulled();
    expect(await deliver(reviewEvent(pull, 'approved', { sender: 'eve' }))).toEqual([
      'nothing: the verdict of somebody who may not write',
    ]);
    const newer = forge.setPull(pull.number, { head: { ...pull.head, sha: 'e'.repeat(40) } });
    await deliver(pullEvent(newer, 'pushed'));
    expect(await deliver(reviewEvent(pull, 'approved'))).toEqual([
      'it is about a commit that is not the newest',
    ]);
    expect((await drive(number).report()).pull).toMatchObject({ approved: false });
  });

  it('that Signalbox posted was told by then; it is known by its marker and its user together', async () => {
    const { number, pull } = await pulled();
    const body = { inline: `${verdictMarker('a', 'b')} no` };
    expect(await deliver(reviewEvent(pull, 'rejected', { body, sender: BOT }))).toEqual([
      'nothing: told by Signalbox when it was posted',
    ]);
    forge.world.permissions[BOT] = 'write';
    await deliver(reviewEvent(pull, 'approved', { sender: BOT }));
    expect((await drive(number).report()).pull).toMatchObject({ approved: true });
    await deliver(reviewEvent(pull, 'rejected', { body }));
    expect((await viewOf(number)).review_count).toBe(1);
  });

  it('may come before all else that is told of the pull request', async () => {
    const { number } = await begun();
    const task = drive(number);
    await task.claim('agent:a');
    await task.release(1, 'agent:a');
    const pull = forge.addPull({ head: `task/org-repo-${number}` });
    await deliver(reviewEvent(pull, 'approved'));
    await deliver(pullEvent(pull, 'opened'));
    expect((await task.report()).pull).toMatchObject({ number: pull.number, approved: true });
  });
});

it('a control process without a secret that the config file names does not start, and says which', async () => {
  const source = {
    kind: 'gitea',
    url: 'http://127.0.0.1:1',
    token: { from_env: 'NOT_SET' },
    webhook_secret: { from_env: 'NOT_NEEDED_HERE' },
  };
  const start = startControl(
    engine.temporal,
    {},
    {
      config: configSchema.parse({ forges: { main: source } }),
      environment: { home: '/nowhere', variable: () => null } as unknown as RoleDeps['environment'],
    },
  );
  await expect(start).rejects.toThrow('forges.main.token: the environment variable NOT_SET is not set');
});

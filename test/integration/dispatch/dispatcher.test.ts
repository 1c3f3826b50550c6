import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import pino from 'pino';
import { type Board, createBoard } from '../../../dispatch/board';
import { type Claims, createClaims } from '../../../dispatch/claim';
import { takeTask } from '../../../dispatch/take';
import { createVisibilityBudget, type VisibilityBudget } from '../../../dispatch/visibility-budget';
import type { Role } from '../../../workers/role';
import { startControl } from '../../helpers/control-worker';
import { type TestHosts, testHosts } from '../../helpers/host-role';
import { createNamespace, type TestNamespace } from '../../helpers/namespace';
import { startVisibleTask } from '../../helpers/visible-task';
import { waitUntil } from '../../helpers/wait-until';
import { workedOn } from '../../helpers/worked-on';

const logger = pino({ level: 'silent' });
let space: TestNamespace;
let control: Role;
let budget: VisibilityBudget;
let board: Board;
let claims: Claims;
let marks: string;

beforeAll(async () => {
  space = await createNamespace('dispatcher');
  control = await startControl(space.temporal);
  budget = createVisibilityBudget();
  board = createBoard({ client: space.client, budget, logger });
  claims = createClaims({ client: space.client, logger, budget });
  marks = mkdtempSync(join(tmpdir(), 'signalbox-marks-'));
});

afterAll(async () => {
  await board?.close();
  await claims?.close();
  budget?.close();
  await control?.stop();
  await space?.close();
  if (marks) rmSync(marks, { recursive: true, force: true });
});

let roles: Role[] = [];
let hosts: TestHosts[] = [];
afterEach(async () => {
  for (const role of roles) await role.stop();
  for (const host of hosts) host.remove();
  roles = [];
  hosts = [];
});

function newHosts(slots: Record<string, number>): TestHosts {
  const made = testHosts(space.temporal, slots);
  hosts.push(made);
  return made;
}

async function serve(served: TestHosts, shared = true): Promise<Role> {
  const role = await served.start(shared ? { shares: { board, budget } } : {});
  roles.push(role);
  return role;
}

/** A run that leaves a mark and lasts until the test lets go of it. */
function heldRun() {
  const name = randomUUID();
  const started = join(marks, `${name}.started`);
  const go = join(marks, `${name}.go`);
  const script = `: > ${started}; while [ ! -e ${go} ]; do sleep 0.05; done`;
  return {
    body: { inline: script },
    letGo: () => writeFileSync(go, ''),
    hasStarted: () => readdirSync(marks).includes(`${name}.started`),
  };
}

const release = (run: ReturnType<typeof heldRun>) => run.letGo();

async function isFollowed(task: WorkflowHandle): Promise<boolean> {
  const { pendingActivities } = (await task.describe()).raw;
  return (pendingActivities ?? []).some(
    ({ activityType, lastHeartbeatTime }) => activityType?.name === 'followRun' && lastHeartbeatTime != null,
  );
}

describe('the host role', () => {
  it('runs undecided tasks on the least loaded host, never beyond its slots, until all are done', async () => {
    await serve(newHosts({ big: 2, small: 1 }));
    const runs = Array.from({ length: 5 }, heldRun);
    const tasks = [];
    for (const { body } of runs) {
      const task = await startVisibleTask(space.client, { body });
      board.put(task.entry);
      tasks.push(task);
    }
    await waitUntil(() => runs.filter((run) => run.hasStarted()).length === 3, {
      what: 'three runs',
      timeoutMs: 60_000,
    });
    const running = [];
    for (const task of tasks) {
      const { status, assigned_host, execution_mode } = await task.view();
      if (status !== 'created') running.push({ assigned_host, execution_mode });
    }
    expect(running).toHaveLength(3);
    expect(running.map(({ assigned_host }) => assigned_host).sort()).toEqual(['big', 'big', 'small']);
    expect(running.every(({ execution_mode }) => execution_mode === 'ssh_cli')).toBe(true);
    // Two are left on the board: nobody was claimed for in vain.
    expect(runs.filter((run) => run.hasStarted())).toHaveLength(3);
    runs.forEach(release);
    for (const task of tasks) {
      const view = await task.until('completion', (report) => report.view.status === 'completed');
      expect(workedOn(view.view)).toHaveLength(1);
    }
  });

  it('learns from visibility what another process created', async () => {
    await serve(newHosts({ h: 1 }), false);
    const task = await startVisibleTask(space.client, { body: { inline: 'true' } });
    await task.until('completion', (report) => report.view.status === 'completed');
  });

  it('leaves agents what no host can do', async () => {
    await serve(newHosts({ h: 1 }));
    const review = await startVisibleTask(space.client, { labels: ['agent:review'] });
    const code = await startVisibleTask(space.client, { body: { inline: 'true' } });
    board.put(review.entry);
    board.put(code.entry);
    await code.until('completion', (report) => report.view.status === 'completed');
    expect((await review.view()).status).toBe('created');
  });

  it('gives a host what a coordinator assigned to it', async () => {
    await serve(newHosts({ first: 1, second: 1 }));
    const task = await startVisibleTask(space.client, {
      body: { inline: 'true' },
      execution_mode: 'http_pull',
    });
    await task.assign('host:second');
    board.put({ ...task.entry, assignedTo: 'host:second', mode: 'ssh_cli' });
    const report = await task.until('completion', ({ view }) => view.status === 'completed');
    expect(report.view.assigned_host).toBe('second');
  });

  it('finds a run that outlived its process, follows it, and counts its slot', async () => {
    const served = newHosts({ h: 1 });
    const first = await serve(served);
    const long = heldRun();
    const task = await startVisibleTask(space.client, { body: long.body });
    board.put(task.entry);
    await waitUntil(long.hasStarted, { what: 'the run' });
    await waitUntil(() => isFollowed(task.handle), { what: 'the run to be followed' });
    await first.stop();
    const next = heldRun();
    const waiting = await startVisibleTask(space.client, { body: next.body });
    board.put(waiting.entry);
    await serve(served);
    // The second host process has looked, and had time to make a mistake.
    await waitUntil(() => board.waiting() === 0, { what: 'the dispatcher to see no room' });
    expect((await waiting.view()).attempts).toEqual([]);
    long.letGo();
    next.letGo();
    const done = await task.until('completion', ({ view }) => view.status === 'completed');
    expect(workedOn(done.view)).toHaveLength(1);
    const after = await waiting.until('completion', ({ view }) => view.status === 'completed');
    expect(workedOn(after.view)).toHaveLength(1);
  });

  it('never over-commits a host that two processes serve', async () => {
    const served = newHosts({ h: 2 });
    await serve(served, false);
    await serve(served, false);
    const runs = Array.from({ length: 6 }, heldRun);
    const tasks = await Promise.all(runs.map(({ body }) => startVisibleTask(space.client, { body })));
    const done = new Set<number>();
    let most = 0;
    await waitUntil(
      async () => {
        const alive = runs.flatMap((run, i) => (run.hasStarted() && !done.has(i) ? [i] : []));
        most = Math.max(most, alive.length);
        const first = alive[0];
        if (first !== undefined && alive.length >= Math.min(2, runs.length - done.size)) {
          runs[first]?.letGo();
          await tasks[first]?.until('completion', ({ view }) => view.status === 'completed');
          done.add(first);
        }
        return done.size === runs.length;
      },
      { what: 'all runs to end', timeoutMs: 180_000 },
    );
    expect(most).toBe(2);
    // Where two processes claimed the same slot, the host refused one, and nobody was charged for it.
    for (const task of tasks) expect((await task.view()).retry_count).toBe(0);
  });
});

describe('a race of 20 agents and the dispatcher for 100 tasks', () => {
  it('gives each task to one holder, once', async () => {
    await serve(newHosts({ h: 2 }));
    const product = randomUUID();
    const tasks = await Promise.all(
      Array.from({ length: 100 }, () =>
        startVisibleTask(space.client, { product, body: { inline: 'true' } }),
      ),
    );
    for (const { entry } of tasks) board.put(entry);
    const pulled = new Map<string, string>();
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        for (;;) {
          const holder = `agent:racer${i}` as const;
          const want = {
            holder,
            capabilities: ['agent:code'],
            product,
            requestId: randomUUID(),
            leaseMs: null,
          };
          const taken = await takeTask({ board, claims }, want, 0);
          if (taken.kind !== 'granted') return;
          expect(pulled.has(taken.taskId)).toBe(false);
          pulled.set(taken.taskId, holder);
        }
      }),
    );
    let onHosts = 0;
    for (const task of tasks) {
      const holder = pulled.get(task.input.task_id);
      const { view } = await task.until('a grant', (report) => workedOn(report.view).length > 0);
      expect(workedOn(view).map((attempt) => attempt.holder)).toEqual([holder ?? 'host:h']);
      if (!holder) {
        onHosts += 1;
        await task.until('completion', (report) => report.view.status === 'completed');
      }
    }
    expect(onHosts).toBeGreaterThan(0);
    expect(onHosts + pulled.size).toBe(100);
  });
});

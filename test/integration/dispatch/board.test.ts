import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { type Board, createBoard, type Want } from '../../../dispatch/board';
import { type Claims, createClaims } from '../../../dispatch/claim';
import { takeTask } from '../../../dispatch/take';
import { createVisibilityBudget, type VisibilityBudget } from '../../../dispatch/visibility-budget';
import type { Role } from '../../../workers/role';
import { startControl } from '../../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../../helpers/namespace';
import { startVisibleTask } from '../../helpers/visible-task';
import { waitUntil } from '../../helpers/wait-until';

const logger = pino({ level: 'silent' });
let space: TestNamespace;
let control: Role;

beforeAll(async () => {
  space = await createNamespace('board');
  control = await startControl(space.temporal);
});

afterAll(async () => {
  await control?.stop();
  await space?.close();
});

/** What one process would have: its own board, claims and budget. */
interface Process {
  board: Board;
  claims: Claims;
  budget: VisibilityBudget;
}
let processes: Process[] = [];

afterEach(async () => {
  for (const { board, claims, budget } of processes) {
    await board.close();
    await claims.close();
    budget.close();
  }
  processes = [];
});

function newProcess(): Process {
  const budget = createVisibilityBudget();
  const board = createBoard({ client: space.client, budget, logger });
  const claims = createClaims({ client: space.client, logger, budget });
  const made = { board, claims, budget };
  processes.push(made);
  return made;
}

const want = (id: string, product: string): Want => ({
  holder: `agent:${id}`,
  capabilities: ['agent:code'],
  product,
});
/** A machine that is short of time is no reason to give a claim up. */
const claimTimeoutMs = 30_000;
const take = (process: Process, id: string, product: string, waitMs: number) =>
  takeTask(
    { ...process, claimTimeoutMs },
    { ...want(id, product), requestId: randomUUID(), leaseMs: null },
    waitMs,
  );

describe('the board on real visibility', () => {
  it('reads what is claimable, with all that the order needs', async () => {
    const product = randomUUID();
    const task = await startVisibleTask(space.client, {
      product,
      priority: 3,
      labels: ['agent:code', 'bug'],
    });
    const assigned = await startVisibleTask(space.client, { product, labels: ['agent:code'] });
    await assigned.assign('agent:y');
    const held = await startVisibleTask(space.client, { product });
    await held.claim('agent:z');
    const { board } = newProcess();
    const seen = new Map<string, unknown>();
    await waitUntil(
      async () => {
        seen.clear();
        await board.refill();
        for (const id of ['x', 'y']) {
          await board.take(
            want(id, product),
            async (entry) => {
              seen.set(entry.taskId, entry);
              return 'lost';
            },
            { waitMs: 0 },
          );
        }
        return seen.size === 2 && seen.has(assigned.input.task_id);
      },
      { what: 'visibility to show the tasks', timeoutMs: 60_000 },
    );
    expect(seen.get(task.input.task_id)).toEqual(task.entry);
    expect(seen.get(assigned.input.task_id)).toMatchObject({ assignedTo: 'agent:y', mode: 'http_pull' });
    expect(board.size()).toBe(2);
  });

  it('hands a parked taker what another process creates, long before its wait is over', async () => {
    const product = randomUUID();
    const process = newProcess();
    await process.board.refill();
    const taken = take(process, 'a', product, 20_000);
    await waitUntil(() => process.board.waiting() === 1, { what: 'the taker to wait' });
    const task = await startVisibleTask(space.client, { product });
    const startedAt = Date.now();
    expect(await taken).toMatchObject({ kind: 'granted', taskId: task.input.task_id });
    expect(Date.now() - startedAt).toBeLessThan(15_000);
  });

  it('finds what was freed again, although it just took it', async () => {
    const product = randomUUID();
    const task = await startVisibleTask(space.client, { product });
    const process = newProcess();
    process.board.put(task.entry);
    const first = await take(process, 'a', product, 10_000);
    if (first.kind !== 'granted') throw new Error(`not granted: ${first.kind}`);
    await task.release(first.grant.epoch, 'agent:a');
    const second = await take(process, 'b', product, 20_000);
    expect(second).toMatchObject({ kind: 'granted', taskId: task.input.task_id });
  });

  it('gives each of 100 tasks to exactly one of 20 claimers in 4 processes', async () => {
    const product = randomUUID();
    const many = Array.from({ length: 4 }, newProcess);
    const tasks = await Promise.all(
      Array.from({ length: 100 }, () => startVisibleTask(space.client, { product })),
    );
    // Every process believes that every task is free.
    for (const { board } of many) for (const { entry } of tasks) board.put(entry);
    const granted: Array<{ taskId: string; holder: string; epoch: number }> = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const process = many[i % 4];
        if (!process) throw new Error('no process');
        for (;;) {
          const taken = await take(process, `racer${i}`, product, 0);
          if (taken.kind === 'none') return;
          if (taken.kind === 'unavailable') throw new Error('a claim got no answer');
          granted.push({ taskId: taken.taskId, holder: `agent:racer${i}`, epoch: taken.grant.epoch });
        }
      }),
    );
    expect(granted.map(({ taskId }) => taskId).sort()).toEqual(
      tasks.map(({ input }) => input.task_id).sort(),
    );
    for (const { taskId, holder, epoch } of granted) {
      expect(epoch).toBe(1);
      const task = tasks.find(({ input }) => input.task_id === taskId);
      const view = await task?.view();
      expect(view?.lease).toMatchObject({ holder, epoch: 1 });
      expect(view?.attempts).toHaveLength(1);
    }
  });
});

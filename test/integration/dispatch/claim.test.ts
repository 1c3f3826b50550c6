import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pino from 'pino';
import { type Board, createBoardOn } from '../../../dispatch/board';
import { type Claim, type Claims, createClaims } from '../../../dispatch/claim';
import { claimInterceptors } from '../../../dispatch/claim-retry';
import { createReachability } from '../../../dispatch/reachability';
import { takeTask } from '../../../dispatch/take';
import type { Role } from '../../../workers/role';
import { startControl } from '../../helpers/control-worker';
import { createNamespace, type TestNamespace } from '../../helpers/namespace';
import { scriptedSource } from '../../helpers/scripted-source';
import { startVisibleTask } from '../../helpers/visible-task';
import { waitUntil } from '../../helpers/wait-until';

const logger = pino({ level: 'silent' });
let space: TestNamespace;
let connection: Connection;
let control: Role | null;
let claims: Claims;

beforeAll(async () => {
  space = await createNamespace('claim');
  connection = await Connection.connect({
    address: space.address,
    interceptors: claimInterceptors(createReachability()),
  });
  control = await startControl(space.temporal);
  claims = createClaims({ client: new Client({ connection, namespace: space.namespace }), logger });
});

afterAll(async () => {
  await claims?.close();
  await control?.stop();
  await connection?.close();
  await space?.close();
});

const claimOf = (id: string, over: Partial<Claim> = {}): Claim => ({
  requestId: randomUUID(),
  holder: `agent:${id}`,
  capabilities: ['agent:code'],
  leaseMs: null,
  ...over,
});

/** Workers away for the time of the test; another control worker comes when it says so. */
async function withoutWorkers<T>(test: (comeBack: () => Promise<void>) => Promise<T>): Promise<T> {
  await control?.stop();
  control = null;
  const comeBack = async () => {
    control ??= await startControl(space.temporal);
  };
  try {
    return await test(comeBack);
  } finally {
    await comeBack();
  }
}

describe('claim', () => {
  it('is granted with the work to do', async () => {
    const task = await startVisibleTask(space.client, { title: 'do it', body: { inline: 'echo' } });
    const result = await claims.claim(task.input.task_id, claimOf('a', { leaseMs: 12_345 }), 5_000);
    expect(result).toMatchObject({
      kind: 'granted',
      grant: {
        epoch: 1,
        lease_ms: 12_345,
        work: { id: task.input.task_id, title: 'do it', body: { inline: 'echo' } },
      },
    });
  });

  it.each<[string, (id: string) => Promise<unknown>, Partial<Claim>, string]>([
    ['held', (id) => claims.claim(id, claimOf('other'), 5_000), {}, 'not_claimable'],
    ['for hosts', async () => undefined, {}, 'wrong_mode'],
    ['beyond the claimer', async () => undefined, { capabilities: [] }, 'not_capable'],
  ])('says why: the task is %s', async (what, before, over, code) => {
    const mode = what === 'for hosts' ? 'ssh_cli' : 'undecided';
    const task = await startVisibleTask(space.client, { execution_mode: mode });
    await before(task.input.task_id);
    const result = await claims.claim(task.input.task_id, claimOf('a', over), 5_000);
    expect(result).toEqual({ kind: 'rejected', code, crowded: false });
  });

  it('tells a closed task from one that never was', async () => {
    const task = await startVisibleTask(space.client);
    await task.cancel();
    await task.handle.result();
    const closed = await claims.claim(task.input.task_id, claimOf('a'), 5_000);
    expect(closed).toEqual({ kind: 'rejected', code: 'closed', crowded: false });
    const none = await claims.claim(`none/${randomUUID()}`, claimOf('a'), 5_000);
    expect(none).toEqual({ kind: 'rejected', code: 'not_found', crowded: false });
  });

  it('is given up when no worker answers, and then never granted', async () => {
    const request = claimOf('a');
    const task = await withoutWorkers(async (comeBack) => {
      const started = await startVisibleTask(space.client);
      expect(await claims.claim(started.input.task_id, request, 500)).toEqual({ kind: 'indeterminate' });
      await comeBack();
      return started;
    });
    // The void arrived: the same request is refused from now on, another is granted.
    await waitUntil(
      async () => (await claims.claim(task.input.task_id, request, 5_000)).kind === 'rejected',
      {
        what: 'the claim to be void',
      },
    );
    expect((await task.view()).lease).toBeNull();
    expect(await claims.claim(task.input.task_id, claimOf('b'), 5_000)).toMatchObject({ kind: 'granted' });
  });

  it('leaves one trace in the history of a task, however often it gets no answer', async () => {
    await withoutWorkers(async (comeBack) => {
      const task = await startVisibleTask(space.client);
      const signals = async () =>
        (await task.handle.fetchHistory()).events?.filter(
          (event) => event.workflowExecutionSignaledEventAttributes,
        );
      for (let i = 0; i < 4; i++) {
        const result = await claims.claim(task.input.task_id, claimOf(`a${i}`), 400);
        expect(result).toEqual({ kind: 'indeterminate' });
      }
      await waitUntil(async () => (await signals())?.length === 1, {
        what: 'the first claim to be given up',
      });
      await comeBack();
      await waitUntil(
        async () => (await claims.claim(task.input.task_id, claimOf('b'), 5_000)).kind === 'granted',
        { what: 'a claim to be granted' },
      );
      expect(await signals()).toHaveLength(1);
    });
  });

  it('is a lost race beyond 10 claims in flight, at once', async () => {
    await withoutWorkers(async (comeBack) => {
      const task = await startVisibleTask(space.client);
      const refused: unknown[] = [];
      const all = Array.from({ length: 14 }, async (_, i) => {
        const result = await claims.claim(task.input.task_id, claimOf(`a${i}`), 60_000);
        if (result.kind === 'rejected') refused.push(result);
      });
      // While the others still wait for a worker.
      await waitUntil(() => refused.length >= 4, { what: 'those beyond ten' });
      expect(refused).toEqual(Array(4).fill({ kind: 'rejected', code: 'not_claimable', crowded: true }));
      await comeBack();
      await Promise.all(all);
    });
  });
});

describe('findClaim', () => {
  it('finds the grant of an earlier request, and grants nothing new', async () => {
    const task = await startVisibleTask(space.client);
    const request = claimOf('a');
    const first = await claims.claim(task.input.task_id, request, 5_000);
    if (first.kind !== 'granted') throw new Error('not granted');
    const found = await waitUntil(() => claims.findClaim(request.holder, request.requestId), {
      what: 'the index',
    });
    expect(found).toEqual({ taskId: task.input.task_id, grant: first.grant });
    expect((await task.view()).epoch).toBe(1);
  });

  it('finds many at one time', async () => {
    const requests = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const task = await startVisibleTask(space.client);
        const request = claimOf(`many${i}`);
        await claims.claim(task.input.task_id, request, 5_000);
        return { task, request };
      }),
    );
    await waitUntil(
      async () => {
        const found = await Promise.all(
          requests.map(({ request }) => claims.findClaim(request.holder, request.requestId)),
        );
        return found.every((one, i) => one?.taskId === requests[i]?.task.input.task_id);
      },
      { what: 'all to be found' },
    );
  });

  it('finds nothing for an unknown request, and nothing that was released', async () => {
    expect(await claims.findClaim('agent:a', randomUUID())).toBeNull();
    const task = await startVisibleTask(space.client);
    const request = claimOf('a', { capabilities: ['agent:code'] });
    await claims.claim(task.input.task_id, request, 5_000);
    await waitUntil(() => claims.findClaim(request.holder, request.requestId), { what: 'the index' });
    await task.release(1, 'agent:a');
    expect(await claims.findClaim(request.holder, request.requestId)).toBeNull();
    expect((await task.view()).lease).toBeNull();
  });
});

describe('takeTask', () => {
  let board: Board;
  afterEach(() => board.close());

  const take = (waitMs: number, claimTimeoutMs = 500) =>
    takeTask({ board, claims, claimTimeoutMs }, { ...claimOf('a'), product: null }, waitMs);

  it('goes on to the next candidate after a lost race, and takes dead ones off the board', async () => {
    board = createBoardOn(scriptedSource(), { logger });
    const held = await startVisibleTask(space.client);
    await held.claim('agent:other');
    const free = await startVisibleTask(space.client);
    board.put({ ...free.entry, taskId: 'no such task', priority: 1 });
    board.put({ ...held.entry, priority: 2 });
    board.put(free.entry);
    expect(await take(30_000, 30_000)).toMatchObject({ kind: 'granted', taskId: free.input.task_id });
    expect(board.size()).toBe(0);
  });

  it('does not try the next candidate when the first gave no answer', async () => {
    board = createBoardOn(scriptedSource(), { logger });
    await withoutWorkers(async () => {
      const tasks = [await startVisibleTask(space.client), await startVisibleTask(space.client)];
      for (const { entry } of tasks) board.put(entry);
      expect(await take(10_000)).toEqual({ kind: 'unavailable' });
      expect(board.size()).toBe(2);
    });
  });

  it('gives nothing when there is nothing', async () => {
    board = createBoardOn(scriptedSource(), { logger });
    expect(await take(0)).toEqual({ kind: 'none' });
  });
});

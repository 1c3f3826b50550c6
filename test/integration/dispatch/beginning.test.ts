/** A new task and somebody who waits for it: one call starts and claims it, and whatever fails there, it starts. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import pino from 'pino';
import { startNewTask } from '../../../api/start-task';
import { type Board, createBoardOn } from '../../../dispatch/board';
import { type Claims, createClaims } from '../../../dispatch/claim';
import { GRPC } from '../../../dispatch/grpc-status';
import { type Taken, type TakeWant, takeTask } from '../../../dispatch/take';
import { taskWorkflowId } from '../../../workflows/names';
import type { TaskInput } from '../../../workflows/task/types';
import { type Platform, startPlatform } from '../../helpers/platform';
import { scriptedSource } from '../../helpers/scripted-source';
import { driveTask } from '../../helpers/task-driver';
import { taskInput } from '../../helpers/task-input';
import { waitUntil } from '../../helpers/wait-until';

const logger = pino({ level: 'silent' });
let platform: Platform;
let engine: Platform['engine'];
/** Of the claims alone, so that it can be broken. */
let connection: Connection;
let claims: Claims;
let board: Board;

beforeAll(async () => {
  platform = await startPlatform('beginning');
  ({ engine } = platform);
});
afterAll(() => platform?.close());

beforeEach(async () => {
  connection = await Connection.connect({ address: engine.address });
  claims = createClaims({ client: new Client({ connection, namespace: engine.namespace }), logger });
  board = createBoardOn(scriptedSource(), { logger });
});
afterEach(async () => {
  await Promise.all([board.close(), claims.close()]);
  await connection.close();
});

const newTask = (over: Partial<TaskInput> = {}) =>
  taskInput({ task_id: `begin/${randomUUID()}`, created_at: Date.now(), ...over });
const create = (input: TaskInput) =>
  startNewTask({ client: engine.client, board, claims }, input, { body_hash: 'h' });
const driver = (input: TaskInput) =>
  driveTask(engine.client, engine.client.workflow.getHandle(taskWorkflowId(input.task_id)), input);
const status = async (input: TaskInput) => (await driver(input).view()).status;

/** At most 50 s. */
function take(over: Partial<TakeWant> = {}, claimTimeoutMs = 5_000, by = claims): Promise<Taken> {
  const want: TakeWant = {
    requestId: randomUUID(),
    holder: 'agent:a',
    capabilities: ['agent:code'],
    product: null,
    leaseMs: null,
    ...over,
  };
  return takeTask({ board, claims: by, claimTimeoutMs }, want, 50_000);
}

/** Resolves when it waits at the board. */
async function poll(...want: Parameters<typeof take>): Promise<{ taken: Promise<Taken> }> {
  const before = board.waiting();
  const taken = take(...want);
  await waitUntil(() => board.waiting() === before + 1, { what: 'the poll to be parked' });
  return { taken };
}

/** The epoch of the next claim, as soon as one is granted. */
const claimed = (input: TaskInput) =>
  waitUntil(async () => (await driver(input).claim('agent:z')).epoch, { what: 'the task to be claimable' });

type MultiOperation = Connection['workflowService']['executeMultiOperation'];
type Request = Parameters<MultiOperation>[0];

/** The one call that starts and claims, done otherwise. */
function callBy(call: (send: () => Promise<unknown>) => Promise<unknown>) {
  const { workflowService } = connection;
  const send = workflowService.executeMultiOperation.bind(workflowService);
  const otherwise = (request: Request) => call(() => send(request));
  workflowService.executeMultiOperation = otherwise as unknown as MultiOperation;
}

const lost = () =>
  Object.assign(new Error('lost'), { code: GRPC.unavailable, details: 'lost', metadata: {} });

describe('a new task for which somebody waits', () => {
  it('starts with the claim, in its first workflow task', async () => {
    const { taken } = await poll();
    const input = newTask();
    await create(input);
    expect(await taken).toMatchObject({ kind: 'granted', taskId: input.task_id, grant: { epoch: 1 } });
    expect(board.size()).toBe(0);
    const { events } = await driver(input).handle.fetchHistory();
    const accepted = events?.findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
    const done = events?.filter((event) => event.workflowTaskCompletedEventAttributes);
    expect({ accepted, firstDone: events?.indexOf(done?.[0] ?? {}) }).toEqual({ accepted: 4, firstDone: 3 });
  });

  it('is on the board when nobody waits for it', async () => {
    await poll({ capabilities: ['agent:other'] });
    const input = newTask();
    await create(input);
    expect(await status(input)).toBe('created');
    expect([board.size(), board.waiting()]).toEqual([1, 1]);
  });

  it('starts, and is there for the next, when its claim is refused', async () => {
    const refused = await poll({ holder: 'agent:lacking', lacking: [null] });
    const input = newTask();
    await create(input);
    expect(await status(input)).toBe('created');
    expect(await take()).toMatchObject({ kind: 'granted', taskId: input.task_id });
    await board.close();
    expect(await refused.taken).toEqual({ kind: 'none' });
  });

  it('goes from one who may take nothing to the next who waits, with the start', async () => {
    const declining: Claims = {
      ...claims,
      claim: async () => ({ kind: 'rejected', code: 'not_admitting', crowded: false }),
    };
    await poll({ holder: 'agent:cordoned' }, 5_000, declining);
    const { taken } = await poll({ holder: 'agent:b' });
    const input = newTask();
    await create(input);
    expect(await taken).toMatchObject({ kind: 'granted', taskId: input.task_id });
    expect(await driver(input).view()).toMatchObject({ assigned_agent_id: 'b', epoch: 1 });
  });

  it('starts without a claim when nobody may take it', async () => {
    const declining: Claims = {
      ...claims,
      claim: async () => ({ kind: 'rejected', code: 'not_admitting', crowded: false }),
    };
    await poll({}, 5_000, declining);
    const input = newTask();
    await create(input);
    expect(await status(input)).toBe('created');
    expect(board.size()).toBe(1);
  });
});

describe('an id that another task has', () => {
  it.each([
    ['runs', async () => undefined],
    ['is closed', async (input: TaskInput) => driver(input).cancel()],
  ])('is refused when that %s, and who waits goes on waiting', async (_, end) => {
    const input = newTask();
    const first = await poll();
    await create(input);
    await first.taken;
    await end(input);
    const { taken } = await poll({ holder: 'agent:b' });
    await expect(create({ ...input, created_at: input.created_at + 1 })).rejects.toThrow(
      WorkflowExecutionAlreadyStartedError,
    );
    const other = newTask();
    await create(other);
    expect(await taken).toMatchObject({ kind: 'granted', taskId: other.task_id });
    expect(board.size()).toBe(0);
  });
});

describe('the call that starts and claims', () => {
  it('was done, but its answer is lost: the task has started once, and the claim is given up', async () => {
    callBy(async (send) => {
      await send();
      throw lost();
    });
    const { taken } = await poll();
    const input = newTask();
    await create(input);
    expect(await taken).toEqual({ kind: 'unavailable' });
    // Granted once, for nobody.
    expect(await claimed(input)).toBeGreaterThan(1);
    expect(await driver(input).view()).toMatchObject({ retry_count: 0 });
  });

  it('was done, and is sent again by a client that heard no answer: one start, one grant', async () => {
    callBy(async (send) => {
      await send();
      return send();
    });
    const { taken } = await poll();
    const input = newTask();
    await create(input);
    expect(await taken).toMatchObject({ kind: 'granted', taskId: input.task_id, grant: { epoch: 1 } });
  });

  it('never arrived: the task starts without it', async () => {
    callBy(() => Promise.reject(lost()));
    const { taken } = await poll();
    const input = newTask();
    await create(input);
    expect(await taken).toEqual({ kind: 'unavailable' });
    expect(await claimed(input)).toBe(1);
  });

  it('arrives after the task was started without it: its claim is as none', async () => {
    let arrive = () => {};
    const started = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    callBy((send) => started.then(send));
    const { taken } = await poll({}, 60_000);
    const input = newTask();
    await create(input);
    arrive();
    const next = newTask();
    await waitUntil(() => board.waiting() === 1, { what: 'the poll to be parked again' });
    await create(next);
    expect(await taken).toMatchObject({ kind: 'granted', taskId: next.task_id });
    expect(await claimed(input)).toBe(1);
  });
});

describe('with no worker', () => {
  it('starts all the same; from then on nobody tries, until one is back', async () => {
    const withWorker = await platform.withoutWorker();
    const inputs = [newTask(), newTask()] as const;
    try {
      const first = await poll({}, 500);
      await create(inputs[0]);
      expect(await first.taken).toEqual({ kind: 'unavailable' });
      expect(claims.answering()).toBe(false);
      let calls = 0;
      callBy((send) => {
        calls += 1;
        return send();
      });
      const second = await poll({}, 500);
      await create(inputs[1]);
      expect(await second.taken).toEqual({ kind: 'unavailable' });
      expect(calls).toBe(0);
    } finally {
      await withWorker();
    }
    for (const input of inputs) {
      expect(await claimed(input)).toBe(1);
    }
  });
});

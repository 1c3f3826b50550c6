import { afterEach, describe, expect, it } from '@jest/globals';
import { Beginning } from '../../../dispatch/beginning';
import { type Board, type BoardEntry, createBoardOn, type Want } from '../../../dispatch/board';
import { type ManualClock, manualClock, settle } from '../../helpers/manual-clock';
import { entry, type ScriptedSource, scriptedSource } from '../../helpers/scripted-source';

const agent = (id: string, over: Partial<Want> = {}): Want => ({
  holder: `agent:${id}`,
  capabilities: ['agent:code'],
  product: 'default',
  ...over,
});

interface Fixture {
  board: Board;
  clock: ManualClock;
  source: ScriptedSource;
  warnings: number;
}

let open: Board[] = [];
afterEach(async () => {
  await Promise.all(open.map((board) => board.close()));
  open = [];
});

async function fixture(rows: BoardEntry[] = []): Promise<Fixture> {
  const clock = manualClock();
  const source = scriptedSource();
  source.rows = rows;
  const made: Fixture = { clock, source, warnings: 0, board: undefined as unknown as Board };
  const warn = () => {
    made.warnings += 1;
  };
  made.board = createBoardOn(source, { clock, logger: { warn } as never });
  open.push(made.board);
  await settle();
  return made;
}

const take = async (entry: BoardEntry) => ({ taken: entry.taskId });

/** A take whose end can be looked at without waiting for it. */
function watch<T>(promise: Promise<T>) {
  const state: { value: T | undefined; error: unknown; done: boolean } = {
    value: undefined,
    error: undefined,
    done: false,
  };
  promise.then(
    (value) => Object.assign(state, { value, done: true }),
    (error) => Object.assign(state, { error, done: true }),
  );
  return state;
}

async function drain(board: Board, want: Want): Promise<string[]> {
  const order: string[] = [];
  for (;;) {
    const taskId = await board.take(want, take, { waitMs: 0 });
    if (taskId === null) return order;
    order.push(taskId);
  }
}

describe('the order of the board', () => {
  it('goes by priority, then age, then id', async () => {
    const { board } = await fixture([
      entry({ taskId: 'low', priority: 10, claimableSince: 1 }),
      entry({ taskId: 'b', claimableSince: 20 }),
      entry({ taskId: 'a', claimableSince: 20 }),
      entry({ taskId: 'old', claimableSince: 10 }),
      entry({ taskId: 'high', priority: 1, claimableSince: 30 }),
      entry({ taskId: 'other labels', priority: 2, labels: ['bug'], claimableSince: 40 }),
    ]);
    expect(await drain(board, agent('x'))).toEqual(['high', 'other labels', 'old', 'a', 'b', 'low']);
  });

  it('puts what is assigned to the taker first, whatever its priority', async () => {
    const { board } = await fixture([
      entry({ taskId: 'high', priority: 1 }),
      entry({
        taskId: 'mine',
        priority: 10,
        assignedTo: 'agent:x',
        mode: 'ssh_cli',
        labels: ['agent:review'],
      }),
    ]);
    expect(await drain(board, agent('x'))).toEqual(['mine', 'high']);
  });

  it.each<[string, Partial<BoardEntry>, Partial<Want>]>([
    ['needs another capability', { labels: ['agent:review'] }, {}],
    ['needs one more capability', { labels: ['agent:code', 'agent:review'] }, {}],
    ['is assigned to another', { assignedTo: 'agent:y' }, {}],
    ['belongs to another product', { product: 'other' }, {}],
    ['is for hosts only', { mode: 'ssh_cli' }, {}],
    ['is for agents only', { mode: 'http_pull' }, { holder: 'host:x' }],
    ['is assigned to it, but of another product', { assignedTo: 'agent:x', product: 'other' }, {}],
  ])('does not give what %s', async (_, row, want) => {
    const { board } = await fixture([entry(row)]);
    expect(await drain(board, agent('x', want))).toEqual([]);
    expect(board.size()).toBe(1);
  });

  it('gives any product to a taker without one', async () => {
    const { board } = await fixture([
      entry({ taskId: 'a', product: 'p' }),
      entry({ taskId: 'b', product: 'q' }),
    ]);
    expect(await drain(board, agent('x', { product: null }))).toEqual(['a', 'b']);
  });

  it('agrees with a plain sort on 2 000 random entries, with removals between', async () => {
    const { board } = await fixture();
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % n;
    };
    const rows = Array.from({ length: 2_000 }, (_, i) =>
      entry({
        taskId: `r${i}`,
        priority: 1 + random(10),
        claimableSince: random(500),
        labels: random(2) ? ['agent:code'] : ['bug'],
      }),
    );
    for (const row of rows) board.put(row);
    const kept = rows.filter(({ taskId }) => {
      const removed = random(4) === 0;
      if (removed) board.remove(taskId);
      return !removed;
    });
    const key = (row: BoardEntry) => [row.priority, row.claimableSince, row.taskId] as const;
    const expected = kept
      .map(key)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : 1))
      .map(([, , taskId]) => taskId);
    expect(await drain(board, agent('x'))).toEqual(expected);
  });
});

describe('trying', () => {
  it('goes on after a lost entry and leaves it to others', async () => {
    const { board } = await fixture([
      entry({ taskId: 'a', claimableSince: 1 }),
      entry({ taskId: 'b', claimableSince: 2 }),
    ]);
    const tried: string[] = [];
    const result = await board.take<string>(
      agent('x'),
      async ({ taskId }) => {
        tried.push(taskId);
        return taskId === 'a' ? 'lost' : { taken: taskId };
      },
      { waitMs: 0 },
    );
    expect(result).toBe('b');
    expect(tried).toEqual(['a', 'b']);
    expect(await drain(board, agent('y'))).toEqual(['a']);
  });

  it('gives up on a stale board a second after the deadline', async () => {
    const { board, clock } = await fixture(Array.from({ length: 50 }, () => entry()));
    let tries = 0;
    const slow = async () => {
      tries += 1;
      await new Promise<void>((resolve) => clock.after(100, resolve));
      return 'gone' as const;
    };
    const taker = watch(board.take(agent('x'), slow, { waitMs: 500 }));
    await clock.advance(2_000);
    expect(taker).toMatchObject({ done: true, value: null });
    expect(tries).toBe(15);
  });

  it('drops what is gone', async () => {
    const { board } = await fixture([entry()]);
    expect(await board.take(agent('x'), async () => 'gone', { waitMs: 0 })).toBeNull();
    expect(board.size()).toBe(0);
  });

  it('offers an entry to one taker of this process at a time', async () => {
    const { board } = await fixture([entry({ taskId: 'a' })]);
    let finish: (result: 'lost') => void = () => {};
    const first = watch(
      board.take(agent('x'), () => new Promise<'lost'>((resolve) => (finish = resolve)), { waitMs: 0 }),
    );
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBeNull();
    finish('lost');
    await settle();
    expect(first).toMatchObject({ done: true, value: null });
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBe('a');
  });

  it('puts an entry aside whose attempt threw, and passes the error on', async () => {
    const { board, clock } = await fixture([entry({ taskId: 'a' }), entry({ taskId: 'b' })]);
    const failing = board.take(agent('x'), () => Promise.reject(new Error('no answer')), { waitMs: 0 });
    await expect(failing).rejects.toThrow('no answer');
    expect(board.size()).toBe(2);
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBe('b');
    await clock.advance(5_000);
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBe('a');
  });

  it('believes a newer freeing of a task that was put aside', async () => {
    const { board, clock } = await fixture([entry({ taskId: 'a', claimableSince: 10 })]);
    await board
      .take(agent('x'), () => Promise.reject(new Error('no answer')), { waitMs: 0 })
      .catch(() => null);
    board.put(entry({ taskId: 'a', claimableSince: 20 }));
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBe('a');
    expect(clock.timers()).toBe(0);
  });

  it('keeps what was freed anew during an attempt', async () => {
    const { board } = await fixture([entry({ taskId: 'a', claimableSince: 10 })]);
    const attempt = async () => {
      board.put(entry({ taskId: 'a', claimableSince: 20 }));
      return { taken: 'first' };
    };
    expect(await board.take(agent('x'), attempt, { waitMs: 0 })).toBe('first');
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBe('a');
  });

  it('forgets what was removed during an attempt', async () => {
    const { board } = await fixture([entry({ taskId: 'a' })]);
    const attempt = async () => {
      board.remove('a');
      return 'lost' as const;
    };
    await board.take(agent('x'), attempt, { waitMs: 0 });
    expect(board.size()).toBe(0);
  });
});

describe('waiting', () => {
  it('ends with nothing at the deadline, and not before', async () => {
    const { board, clock } = await fixture();
    const waiter = watch(board.take(agent('x'), take, { waitMs: 5_000 }));
    await clock.advance(4_999);
    expect(waiter.done).toBe(false);
    expect(board.waiting()).toBe(1);
    await clock.advance(1);
    expect(waiter).toMatchObject({ done: true, value: null });
    expect(board.waiting()).toBe(0);
  });

  it('never lasts longer than 50 s', async () => {
    const { board, clock } = await fixture();
    const waiter = watch(board.take(agent('x'), take, { waitMs: 600_000 }));
    await clock.advance(50_000);
    expect(waiter.done).toBe(true);
  });

  it('ends at an abort, and leaves no timer and no listener behind', async () => {
    const { board, clock } = await fixture();
    const abort = new AbortController();
    const waiter = watch(board.take(agent('x'), take, { waitMs: 5_000, signal: abort.signal }));
    await settle();
    abort.abort();
    await settle();
    expect(waiter).toMatchObject({ done: true, value: null });
    expect(board.waiting()).toBe(0);
    await clock.advance(2_000);
    expect(clock.timers()).toBe(0);
    board.put(entry({ taskId: 'a' }));
    expect(await board.take(agent('y'), take, { waitMs: 0 })).toBe('a');
  });

  it('gives an entry back when its taker aborts before it tries', async () => {
    const { board } = await fixture();
    const abort = new AbortController();
    let tries = 0;
    const counted = async (row: BoardEntry) => {
      tries += 1;
      return take(row);
    };
    const first = watch(board.take(agent('x'), counted, { waitMs: 5_000, signal: abort.signal }));
    const second = watch(board.take(agent('y'), counted, { waitMs: 5_000 }));
    await settle();
    board.put(entry({ taskId: 'a' }));
    abort.abort();
    await settle();
    expect(first).toMatchObject({ done: true, value: null });
    expect(second).toMatchObject({ done: true, value: 'a' });
    expect(tries).toBe(1);
  });

  it('wakes one waiter for one put: the one that waits longest and suits', async () => {
    const { board } = await fixture();
    let tries = 0;
    const counted = async (row: BoardEntry) => {
      tries += 1;
      return take(row);
    };
    const unsuited = watch(
      board.take(agent('r', { capabilities: ['agent:review'] }), counted, { waitMs: 5_000 }),
    );
    await settle();
    const waiters = [];
    for (const id of ['a', 'b', 'c']) {
      waiters.push(watch(board.take(agent(id), counted, { waitMs: 5_000 })));
      await settle();
    }
    board.put(entry({ taskId: 't' }));
    await settle();
    expect(waiters.map(({ value }) => value)).toEqual(['t', undefined, undefined]);
    expect(unsuited.done).toBe(false);
    expect(tries).toBe(1);
    expect(board.waiting()).toBe(3);
  });

  it('wakes the waiter that the task was assigned to, though others wait longer', async () => {
    const { board } = await fixture();
    const first = watch(board.take(agent('x'), take, { waitMs: 5_000 }));
    await settle();
    const chosen = watch(board.take(agent('y'), take, { waitMs: 5_000 }));
    await settle();
    board.put(entry({ taskId: 't', assignedTo: 'agent:y' }));
    await settle();
    expect(first.done).toBe(false);
    expect(chosen.value).toBe('t');
  });

  it('passes a lost entry on to the next waiter, each of whom tries it once', async () => {
    const { board, clock } = await fixture();
    const tries: string[] = [];
    const losing = (id: string) => async () => {
      tries.push(id);
      return 'lost' as const;
    };
    const waiters = ['a', 'b', 'c'].map((id) => watch(board.take(agent(id), losing(id), { waitMs: 5_000 })));
    await settle();
    board.put(entry({ taskId: 't' }));
    await clock.advance(4_000);
    expect(tries).toEqual(['a', 'b', 'c']);
    expect(waiters.every(({ done }) => !done)).toBe(true);
    board.put(entry({ taskId: 't', claimableSince: 2_000_000 }));
    await settle();
    expect(tries).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('offers an entry whose attempt threw to the next waiter only after a while', async () => {
    const { board, clock } = await fixture();
    const failing = watch(board.take(agent('x'), () => Promise.reject(new Error('away')), { waitMs: 9_000 }));
    const next = watch(board.take(agent('y'), take, { waitMs: 9_000 }));
    await settle();
    board.put(entry({ taskId: 't' }));
    await clock.advance(4_999);
    expect(failing.error).toBeInstanceOf(Error);
    expect(next.done).toBe(false);
    await clock.advance(1);
    expect(next.value).toBe('t');
  });

  it('ends for everybody when the board closes', async () => {
    const { board } = await fixture();
    const waiters = ['a', 'b'].map((id) => watch(board.take(agent(id), take, { waitMs: 5_000 })));
    await settle();
    await board.close();
    await settle();
    expect(waiters.map(({ value }) => value)).toEqual([null, null]);
    expect(await board.take(agent('x'), take, { waitMs: 5_000 })).toBeNull();
  });
});

describe('a task that has not begun', () => {
  const fresh = (over: Partial<BoardEntry> = {}) => {
    const beginning = new Beginning('task', {
      workflowId: 'w',
      taskQueue: 'q',
      workflowIdConflictPolicy: 'FAIL',
    });
    return { ...entry(over), beginning };
  };
  const begins = async ({ taskId, beginning }: BoardEntry) => ({
    taken: `${taskId} ${beginning?.take() !== null}`,
  });
  const declines = async () => 'lost' as const;

  it('is not on the board when nobody whom it suits waits', async () => {
    const { board } = await fixture();
    void board.take(agent('x', { capabilities: [] }), take, { waitMs: 5_000 });
    await settle();
    expect(board.offerNew(fresh())).toBe(false);
    expect(board.size()).toBe(0);
  });

  it('is handed to one who waits, with its beginning', async () => {
    const { board } = await fixture();
    const waiters = ['x', 'y'].map((id) => watch(board.take(agent(id), begins, { waitMs: 5_000 })));
    await settle();
    expect(board.offerNew(fresh({ taskId: 't' }))).toBe(true);
    await settle();
    expect(waiters.map(({ value }) => value)).toEqual(['t true', undefined]);
    expect(board.size()).toBe(0);
  });

  it('goes on with its beginning to the next, when one declines', async () => {
    const { board } = await fixture();
    void board.take(agent('x'), declines, { waitMs: 5_000 });
    await settle();
    const next = watch(board.take(agent('y'), begins, { waitMs: 5_000 }));
    await settle();
    board.offerNew(fresh({ taskId: 't' }));
    await settle();
    expect(next.value).toBe('t true');
  });

  it('is given up, and off the board, when all decline or hang up', async () => {
    const { board } = await fixture();
    void board.take(agent('x'), declines, { waitMs: 5_000 });
    const hangUp = new AbortController();
    const gone = watch(board.take(agent('y'), begins, { waitMs: 5_000, signal: hangUp.signal }));
    await settle();
    const offered = fresh();
    expect(board.offerNew(offered)).toBe(true);
    hangUp.abort();
    expect(await offered.beginning.outcome).toBe('alone');
    await settle();
    expect(board.size()).toBe(0);
    expect(gone.value).toBeNull();
  });

  it('stays on the board when it has begun with a claim that was refused', async () => {
    const { board } = await fixture();
    const refused = async (tried: BoardEntry) => {
      await begins(tried);
      return 'lost' as const;
    };
    void board.take(agent('x'), refused, { waitMs: 5_000 });
    await settle();
    board.offerNew(fresh({ taskId: 't' }));
    await settle();
    expect(board.size()).toBe(1);
    expect(await board.take(agent('y'), begins, { waitMs: 0 })).toBe('t false');
  });

  it('is not offered under an id that is on the board, or being tried, or put aside', async () => {
    const { board } = await fixture();
    board.put(entry({ taskId: 'known', labels: ['agent:other'] }));
    const held = watch(board.take(agent('x'), () => new Promise<never>(() => {}), { waitMs: 5_000 }));
    const failing = watch(board.take(agent('y'), () => Promise.reject(new Error('away')), { waitMs: 5_000 }));
    await settle();
    board.put(entry({ taskId: 'tried' }));
    board.put(entry({ taskId: 'aside' }));
    await settle();
    expect([held.done, failing.error]).toEqual([false, new Error('away')]);
    void board.take(agent('z'), take, { waitMs: 5_000 });
    await settle();
    expect(['known', 'tried', 'aside'].map((taskId) => board.offerNew(fresh({ taskId })))).toEqual([
      false,
      false,
      false,
    ]);
    expect(board.waiting()).toBe(1);
  });

  it("is nobody else's once it was taken or given up", async () => {
    const { beginning } = fresh();
    expect(beginning.take()).not.toBeNull();
    expect([beginning.take(), beginning.giveUp()]).toEqual([null, false]);
    const other = fresh().beginning;
    expect([other.giveUp(), other.giveUp(), other.take()]).toEqual([true, false, null]);
  });
});

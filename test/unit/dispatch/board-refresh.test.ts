import { afterEach, describe, expect, it } from '@jest/globals';
import { type Board, type BoardEntry, createBoardOn, type Want } from '../../../dispatch/board';
import { manualClock, settle } from '../../helpers/manual-clock';
import { entry, scriptedSource } from '../../helpers/scripted-source';

const WANT: Want = { holder: 'agent:x', capabilities: ['agent:code'], product: 'default' };
const NOTHING: Want = { ...WANT, product: 'nothing is of this product' };
const take = async (row: BoardEntry) => ({ taken: row.taskId });

let open: Board[] = [];
afterEach(async () => {
  await Promise.all(open.map((board) => board.close()));
  open = [];
});

async function fixture(rows: BoardEntry[] = []) {
  const clock = manualClock();
  const source = scriptedSource();
  source.rows = rows;
  const warnings: unknown[] = [];
  const logger = { warn: (...line: unknown[]) => warnings.push(line) } as never;
  const board = createBoardOn(source, { clock, logger });
  open.push(board);
  await settle();
  return { board, clock, source, warnings };
}

describe('keeping the board fresh', () => {
  it('fills at start', async () => {
    const { board, source } = await fixture([entry(), entry()]);
    expect(board.size()).toBe(2);
    expect(source.looks).toEqual([null]);
  });

  it('asks nothing while nobody waits', async () => {
    const { clock, source } = await fixture();
    await clock.advance(600_000);
    expect(source.looks).toHaveLength(1);
    expect(clock.timers()).toBe(0);
  });

  it('asks once a second while somebody waits, however many, and stops when they leave', async () => {
    const { board, clock, source } = await fixture([entry({ claimableSince: 900_000 })]);
    const waits = Array.from({ length: 20 }, () => board.take(NOTHING, take, { waitMs: 10_000 }));
    await clock.advance(10_000);
    await Promise.all(waits);
    expect(source.looks.length).toBeGreaterThanOrEqual(10);
    expect(source.looks.length).toBeLessThanOrEqual(12);
    // Everything newer than the newest seen, less the overlap.
    expect(new Set(source.looks.slice(1))).toEqual(new Set([895_000]));
    const looks = source.looks.length;
    await clock.advance(60_000);
    expect(source.looks.length).toBeLessThanOrEqual(looks + 1);
  });

  it('wakes a waiter with what a look finds', async () => {
    const { board, clock, source } = await fixture();
    const taken = board.take(WANT, take, { waitMs: 10_000 });
    await clock.advance(2_500);
    source.rows = [entry({ taskId: 'late', claimableSince: clock.now() })];
    await clock.advance(1_000);
    expect(await taken).toBe('late');
  });

  it('looks before it sends a taker away that does not want to wait', async () => {
    const { board, clock, source } = await fixture();
    await clock.advance(5_000);
    source.rows = [entry({ taskId: 'new', claimableSince: clock.now() })];
    const taken = board.take(WANT, take, { waitMs: 0 });
    await clock.advance(0);
    expect(await taken).toBe('new');
  });

  it('does not look again for takers within a second', async () => {
    const { board, clock, source } = await fixture();
    await clock.advance(5_000);
    for (let i = 0; i < 10; i++) {
      const taken = board.take(WANT, take, { waitMs: 0 });
      await clock.advance(50);
      expect(await taken).toBeNull();
    }
    expect(source.looks).toHaveLength(2);
  });

  it('keeps a taker that does not want to wait for at most a second when visibility hangs', async () => {
    const { board, clock, source } = await fixture();
    await clock.advance(5_000);
    let release: () => void = () => {};
    source.hold = new Promise((resolve) => (release = resolve));
    let done = false;
    void board.take(WANT, take, { waitMs: 0 }).then(() => (done = true));
    await clock.advance(999);
    expect(done).toBe(false);
    await clock.advance(1);
    expect(done).toBe(true);
    release();
  });

  it('drops at a full look what visibility no longer shows, but not what was put just now', async () => {
    const gone = entry({ taskId: 'gone' });
    const stays = entry({ taskId: 'stays' });
    const { board, clock, source } = await fixture([gone, stays]);
    source.rows = [stays];
    await clock.advance(10_000);
    board.put(entry({ taskId: 'mine', claimableSince: clock.now() }));
    await board.refill();
    expect(await board.take(WANT, take, { waitMs: 0 })).toBe('stays');
    expect(await board.take(WANT, take, { waitMs: 0 })).toBe('mine');
    expect(board.size()).toBe(0);
  });

  it('takes a full look each minute', async () => {
    const { board, clock, source } = await fixture([entry({ claimableSince: 900_000 })]);
    for (let i = 0; i < 3; i++) {
      const taken = board.take(NOTHING, take, { waitMs: 50_000 });
      await clock.advance(50_000);
      await taken;
    }
    expect(source.looks.filter((after) => after === null)).toHaveLength(3);
  });

  it('lets no time in the future hide what becomes claimable before it', async () => {
    const { board, clock, source } = await fixture([entry({ claimableSince: 9_000_000, product: 'other' })]);
    const taken = board.take(WANT, take, { waitMs: 10_000 }).catch(() => null);
    await clock.advance(3_000);
    source.rows = [...source.rows, entry({ taskId: 'now', claimableSince: clock.now() })];
    await clock.advance(1_000);
    expect(await Promise.race([taken, settle().then(() => 'still waiting')])).toBe('now');
  });

  it('does not try again what it just took, though the index still shows it', async () => {
    const row = entry({ taskId: 'a' });
    const { board } = await fixture([row]);
    expect(await board.take(WANT, take, { waitMs: 0 })).toBe('a');
    await board.refill();
    expect(board.size()).toBe(0);
  });

  it('believes the index again when it still shows a task later', async () => {
    const row = entry({ taskId: 'a' });
    const { board, clock } = await fixture([row]);
    await board.take(WANT, take, { waitMs: 0 });
    await clock.advance(2_000);
    await board.refill();
    expect(await board.take(WANT, take, { waitMs: 0 })).toBe('a');
  });

  it('takes a newer freeing from the index at once', async () => {
    const { board, source } = await fixture([entry({ taskId: 'a', claimableSince: 10 })]);
    await board.take(WANT, take, { waitMs: 0 });
    source.rows = [entry({ taskId: 'a', claimableSince: 11 })];
    await board.refill();
    expect(board.size()).toBe(1);
  });

  it('follows a change of assignment, and ignores an older row', async () => {
    const { board, source } = await fixture([entry({ taskId: 'a', claimableSince: 10 })]);
    board.put(entry({ taskId: 'a', claimableSince: 12, assignedTo: 'agent:y' }));
    await board.refill();
    expect(await board.take(WANT, take, { waitMs: 0 })).toBeNull();
    source.rows = [entry({ taskId: 'a', claimableSince: 13 })];
    await board.refill();
    expect(await board.take(WANT, take, { waitMs: 0 })).toBe('a');
  });
});

describe('when visibility fails', () => {
  it('keeps waiters parked, asks less and less often, and recovers', async () => {
    const { board, clock, source, warnings } = await fixture();
    source.failure = new Error('unavailable');
    let done = false;
    const taken = board.take(WANT, take, { waitMs: 50_000 }).finally(() => (done = true));
    await clock.advance(30_000);
    expect(done).toBe(false);
    expect(warnings.length).toBe(source.looks.length - 1);
    expect(source.looks.length).toBeLessThanOrEqual(7);
    expect(source.looks.length).toBeGreaterThanOrEqual(4);
    source.failure = null;
    source.rows = [entry({ taskId: 'back', claimableSince: clock.now() })];
    await clock.advance(15_000);
    expect(await taken).toBe('back');
  });

  it('gives waiters nothing at their deadline', async () => {
    const { board, clock, source } = await fixture();
    source.failure = new Error('unavailable');
    const taken = board.take(WANT, take, { waitMs: 3_000 });
    await clock.advance(3_000);
    expect(await taken).toBeNull();
  });

  it('still wakes waiters for what this process puts', async () => {
    const { board, source } = await fixture();
    source.failure = new Error('unavailable');
    const taken = board.take(WANT, take, { waitMs: 3_000 });
    await settle();
    board.put(entry({ taskId: 'own' }));
    expect(await taken).toBe('own');
  });

  it('says so to whoever asks for a refill', async () => {
    const { board, source } = await fixture();
    source.failure = new Error('unavailable');
    await expect(board.refill()).rejects.toThrow('unavailable');
  });

  it('starts empty when the first look fails', async () => {
    const clock = manualClock();
    const source = scriptedSource();
    source.failure = new Error('unavailable');
    const warnings: unknown[] = [];
    const logger = { warn: (line: unknown) => warnings.push(line) } as never;
    const board = createBoardOn(source, { clock, logger });
    open.push(board);
    await settle();
    expect(board.size()).toBe(0);
    expect(warnings).toHaveLength(1);
  });
});

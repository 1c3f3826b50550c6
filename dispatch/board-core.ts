/** Entries and waiters brought together: who tries what, and what becomes of an entry that was tried. */
import { type BoardEntry, compareEntries, type Seeker } from './board-entry';
import { createBoardIndex } from './board-index';
import type { RefreshSink } from './board-refresh';
import { createBoardWaiters, type Waiter } from './board-waiters';
import type { Clock } from './clock';
import { createSettled } from './settled';

export type Attempt<T> = (entry: BoardEntry) => Promise<{ taken: T } | 'lost' | 'gone'>;

export const WAIT_MAX_MS = 50_000;
/** One who does not want to wait still gets a look at visibility when the board is older than its refresh. */
const LOOK_MAX_MS = 1_000;
/** A stale board may hold many entries that turn out to be gone: tried for no longer than this after the deadline. */
const OVERTIME_MS = 1_000;
/** How long an entry is put aside when its attempt threw, so that one task that gives no answer stops nobody. */
const COOLING_MS = 5_000;
/** What this process put may be missing from the index of visibility for this long (measured: 51 ms). */
const INDEX_LAG_MAX_MS = 5_000;

const NONE: ReadonlySet<BoardEntry> = new Set();

/** An entry that someone tries; nobody else in this process is offered it. */
interface Trial {
  entry: BoardEntry;
  /** What was put meanwhile. */
  next: BoardEntry | null;
  removed: boolean;
}

export interface BoardCore {
  put(entry: BoardEntry): void;
  offerNew(entry: BoardEntry): boolean;
  remove(taskId: string): void;
  take<T>(
    seeker: Seeker,
    attempt: Attempt<T>,
    options: { waitMs: number; signal?: AbortSignal; look?: boolean },
  ): Promise<T | null>;
  next(seeker: Seeker): BoardEntry | null;
  count(seeker: Seeker): Promise<number>;
  size(): number;
  waiting(): number;
  close(): void;
  sink: RefreshSink;
}

export function createBoardCore(clock: Clock, wantRefresh: () => Promise<void>): BoardCore {
  const index = createBoardIndex();
  const waiters = createBoardWaiters(clock);
  const trials = new Map<string, Trial>();
  const settled = createSettled(clock);
  /** Entries whose attempt threw, put aside: whatever failed would fail for the next taker as well. */
  const cooling = new Map<string, { entry: BoardEntry; cancel: () => void }>();
  let closed = false;
  let counting = 0;

  function beginTrial(entry: BoardEntry): BoardEntry {
    index.remove(entry.taskId);
    trials.set(entry.taskId, { entry, next: null, removed: false });
    return entry;
  }

  function endTrial(entry: BoardEntry, keep: boolean): BoardEntry | null {
    const trial = trials.get(entry.taskId);
    trials.delete(entry.taskId);
    const left = trial?.next ?? (keep && !trial?.removed ? entry : null);
    if (left) index.add(left, clock.now());
    else settled.add(entry);
    return left;
  }

  function coolDown(entry: BoardEntry): void {
    const trial = trials.get(entry.taskId);
    trials.delete(entry.taskId);
    if (closed || trial?.removed) return;
    const kept = trial?.next ?? entry;
    const cancel = clock.after(COOLING_MS, () => {
      cooling.delete(kept.taskId);
      index.add(kept, clock.now());
      offer(kept);
    });
    cooling.set(kept.taskId, { entry: kept, cancel });
  }

  /** Drops an entry that is on the board, aside or not. */
  function drop(taskId: string): void {
    index.remove(taskId);
    cooling.get(taskId)?.cancel();
    cooling.delete(taskId);
  }

  /** Hands the entry to the waiter that suits it best, if there is one. */
  function offer(entry: BoardEntry): boolean {
    const waiter = waiters.bestFor(entry);
    if (waiter) waiter.wake(beginTrial(entry));
    else if (entry.beginning?.giveUp()) index.remove(entry.taskId);
    return waiter !== null;
  }

  function accept(entry: BoardEntry, own: boolean): void {
    if (closed || (!own && settled.covers(entry))) return;
    const trial = trials.get(entry.taskId);
    if (trial) {
      if (own || entry.claimableSince > trial.entry.claimableSince) trial.next = entry;
      return;
    }
    const known = index.get(entry.taskId) ?? cooling.get(entry.taskId)?.entry;
    if (known && (isSame(known, entry) || (!own && entry.claimableSince < known.claimableSince))) return;
    drop(entry.taskId);
    index.add(entry, clock.now());
    offer(entry);
  }

  function park(
    waiter: Waiter,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<BoardEntry | null> {
    const remaining = deadline - clock.now();
    return waiters.park(waiter, Math.max(remaining, LOOK_MAX_MS), signal, (parked) => {
      void wantRefresh().then(() => parked.limit(deadline - clock.now()));
    });
  }

  async function attemptOn<T>(
    entry: BoardEntry,
    waiter: Waiter,
    attempt: Attempt<T>,
  ): Promise<{ taken: T } | null> {
    let result: Awaited<ReturnType<Attempt<T>>>;
    try {
      result = await attempt(entry);
    } catch (error) {
      coolDown(entry);
      throw error;
    }
    if (result === 'lost') waiter.tried.add(entry);
    const left = endTrial(entry, result === 'lost');
    if (left) offer(left);
    return typeof result === 'object' ? result : null;
  }

  return {
    put: (entry) => accept(entry, true),
    offerNew(entry) {
      const { taskId } = entry;
      // What is known by that id has begun, so it is not new.
      if (closed || index.get(taskId) || trials.has(taskId) || cooling.has(taskId)) return false;
      return offer(entry);
    },
    remove(taskId) {
      drop(taskId);
      const trial = trials.get(taskId);
      if (trial) {
        trial.next = null;
        trial.removed = true;
      }
    },
    async take(seeker, attempt, { waitMs, signal, look = true }) {
      const waiter: Waiter = { seeker, tried: new Set() };
      const deadline = clock.now() + Math.min(waitMs, WAIT_MAX_MS);
      while (!closed && !signal?.aborted) {
        const best = index.best(seeker, waiter.tried);
        if (!best && !look) return null;
        const entry = best ? beginTrial(best) : await park(waiter, deadline, signal);
        if (!entry) return null;
        if (closed || signal?.aborted) {
          endTrial(entry, true);
          offer(entry);
          return null;
        }
        const result = await attemptOn(entry, waiter, attempt);
        if (result) return result.taken;
        if (clock.now() >= deadline + OVERTIME_MS) return null;
      }
      return null;
    },
    next: (seeker) => index.best(seeker, NONE),
    async count(seeker) {
      counting += 1;
      await wantRefresh().finally(() => {
        counting -= 1;
      });
      return index.count(seeker);
    },
    size: () => index.size() + trials.size + cooling.size,
    waiting: waiters.size,
    close() {
      closed = true;
      for (const waiter of waiters.list()) waiter.wake(null);
      for (const { cancel } of cooling.values()) cancel();
      cooling.clear();
    },
    sink: {
      accept: (entry) => accept(entry, false),
      sweep(seen, startedAt) {
        for (const taskId of [...index.ids()]) {
          if (!seen.has(taskId) && index.addedAt(taskId) < startedAt - INDEX_LAG_MAX_MS) index.remove(taskId);
        }
      },
      looked() {
        for (const waiter of waiters.list()) {
          const best = index.best(waiter.seeker, waiter.tried);
          if (best) waiter.wake(beginTrial(best));
        }
      },
      isWanted: () => waiters.size() + counting > 0,
    },
  };
}

function isSame(a: BoardEntry, b: BoardEntry): boolean {
  return (
    compareEntries(a, b) === 0 &&
    a.mode === b.mode &&
    a.assignedTo === b.assignedTo &&
    a.product === b.product &&
    a.template === b.template &&
    a.notBy?.join() === b.notBy?.join() &&
    a.labels.join('\n') === b.labels.join('\n')
  );
}

/** Long polls, parked in the order in which they came. An entry wakes one of them, never all. */
import { type BoardEntry, type Seeker, shapeOf } from './board-entry';
import type { Clock } from './clock';

export interface Waiter {
  seeker: Seeker;
  /** What it has lost, so that it is not offered that again. */
  tried: Set<BoardEntry>;
}

export interface Parked extends Waiter {
  /** Ends the wait, with the entry to try or with nothing. */
  wake(entry: BoardEntry | null): void;
  /** From now on it waits for no more than `ms`. */
  limit(ms: number): void;
}

export interface BoardWaiters {
  size(): number;
  /** Resolves with the entry that the waiter is to try, or null after `ms` milliseconds or an abort. */
  park(
    waiter: Waiter,
    ms: number,
    signal: AbortSignal | undefined,
    onParked: (parked: Parked) => void,
  ): Promise<BoardEntry | null>;
  /** Who should try this entry: a waiter that it was assigned to, else the one that waits longest. */
  bestFor(entry: BoardEntry): Parked | null;
  /** A copy, in the order of waiting. */
  list(): Parked[];
}

export function createBoardWaiters(clock: Clock): BoardWaiters {
  const parked = new Set<Parked>();

  return {
    size: () => parked.size,
    list: () => [...parked],
    park: (waiter, ms, signal, onParked) =>
      new Promise((resolve) => {
        const giveUp = () => self.wake(null);
        let cancelTimer = clock.after(ms, giveUp);
        const self: Parked = {
          ...waiter,
          wake(entry) {
            if (!parked.delete(self)) return;
            cancelTimer();
            signal?.removeEventListener('abort', giveUp);
            resolve(entry);
          },
          limit(left) {
            if (!parked.has(self)) return;
            cancelTimer();
            if (left <= 0) giveUp();
            else cancelTimer = clock.after(left, giveUp);
          },
        };
        parked.add(self);
        signal?.addEventListener('abort', giveUp, { once: true });
        onParked(self);
      }),
    bestFor(entry) {
      const shape = shapeOf(entry);
      let longest: Parked | null = null;
      for (const waiter of parked) {
        if (waiter.tried.has(entry) || !waiter.seeker.accepts(shape)) continue;
        if (waiter.seeker.prefers(shape)) return waiter;
        longest ??= waiter;
      }
      return longest;
    },
  };
}

/**
 * The board: an in-memory index of claimable tasks at which agents and dispatchers wait. It may be stale
 * or lost: the task workflow alone decides who gets a task.
 */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Beginning } from './beginning';
import { type Attempt, createBoardCore } from './board-core';
import type { BoardEntry, Seeker, Want } from './board-entry';
import { seekerFor } from './board-entry';
import { createBoardRefresh, REFRESH_DEFAULTS, type RefreshTunables } from './board-refresh';
import { createVisibilitySource, type TaskSource } from './board-source';
import { type Clock, systemClock } from './clock';
import type { VisibilityBudget } from './visibility-budget';

export type { BoardEntry, Want } from './board-entry';

export interface TakeOptions {
  /** Longest wait in milliseconds; more than 50 000 counts as 50 000. */
  waitMs: number;
  signal?: AbortSignal;
  /** false: what is not on the board already is not looked for, nor waited for. */
  look?: boolean;
}

export interface Board {
  /** What this process itself made claimable, or assigned. Wakes the one waiter that suits it best. */
  put(entry: BoardEntry): void;
  /**
   * Hands a task that has not begun to the waiter that suits it best. false: nobody waits for it, and it is not on the
   * board. Should all whom it suits decline, it is taken off, and its beginning given up.
   */
  offerNew(entry: BoardEntry & { beginning: Beginning }): boolean;
  remove(taskId: string): void;
  /**
   * Tries the best entries one after another and waits for more. `attempt` says `taken`, `lost` (not for
   * this taker, others may try) or `gone` (off the board). null: nothing until the deadline, the abort or
   * the close. When `attempt` throws, the entry is put aside for 5 s and `take` rejects with what it threw.
   */
  take<T>(want: Want, attempt: Attempt<T>, options: TakeOptions): Promise<T | null>;
  /** As `take`, for a seeker whose wants change: the dispatcher of several hosts. */
  takeAs<T>(seeker: Seeker, attempt: Attempt<T>, options: TakeOptions): Promise<T | null>;
  /** What a take would try first; null: nothing is here. */
  next(want: Want): BoardEntry | null;
  /** How many entries suit, after a look at visibility when the board is older than its refresh. */
  count(want: Want): Promise<number>;
  size(): number;
  waiting(): number;
  /** Reads all that is claimable. Rejects with a Temporal ServiceError when visibility is away. */
  refill(): Promise<void>;
  /** Whoever waits gets null. */
  close(): Promise<void>;
}

export interface BoardDeps extends Partial<RefreshTunables> {
  client: Client;
  budget: VisibilityBudget;
  logger: Pick<Logger, 'warn'>;
  clock?: Clock;
}

/** A board that learns from visibility. It begins to fill at once; await `refill` to know it filled. */
export function createBoard(deps: BoardDeps): Board {
  return createBoardOn(createVisibilitySource(deps.client, deps.budget), deps);
}

export function createBoardOn(source: TaskSource, deps: Omit<BoardDeps, 'client' | 'budget'>): Board {
  const clock = deps.clock ?? systemClock;
  const tunables = {
    refreshMs: deps.refreshMs ?? REFRESH_DEFAULTS.refreshMs,
    refillMs: deps.refillMs ?? REFRESH_DEFAULTS.refillMs,
    overlapMs: deps.overlapMs ?? REFRESH_DEFAULTS.overlapMs,
    backoffMaxMs: deps.backoffMaxMs ?? REFRESH_DEFAULTS.backoffMaxMs,
  };
  const core = createBoardCore(clock, () => refresh.want());
  const refresh = createBoardRefresh(source, core.sink, clock, deps.logger, tunables);
  refresh.refill().catch((error) => deps.logger.warn({ err: error }, 'the board could not be filled'));

  return {
    put: core.put,
    offerNew: core.offerNew,
    remove: core.remove,
    take: (want, attempt, options) => core.take(seekerFor(want), attempt, options),
    takeAs: core.take,
    next: (want) => core.next(seekerFor(want)),
    count: (want) => core.count(seekerFor(want)),
    size: core.size,
    waiting: core.waiting,
    refill: refresh.refill,
    async close() {
      core.close();
      await refresh.close();
    },
  };
}

/**
 * Keeps the board fresh from its source: an incremental look at most once a second and a full one each
 * minute, both only while someone waits. A look that fails is tried again later and disturbs nobody.
 */
import type { Logger } from 'pino';
import type { BoardEntry } from './board-entry';
import type { TaskSource } from './board-source';
import type { Clock } from './clock';

export interface RefreshTunables {
  /** Between two looks, in milliseconds. */
  refreshMs: number;
  /** Between two full looks, in milliseconds. */
  refillMs: number;
  /** How far an incremental look reaches back behind the newest entry seen: clocks differ and the index lags. */
  overlapMs: number;
  /** Longest pause after failures, in milliseconds. */
  backoffMaxMs: number;
}

export const REFRESH_DEFAULTS: RefreshTunables = {
  refreshMs: 1_000,
  refillMs: 60_000,
  overlapMs: 5_000,
  backoffMaxMs: 15_000,
};

/** After a full look there is none for this many times as long as it took, however many tasks there are. */
const REFILL_REST = 4;

export interface RefreshSink {
  accept(entry: BoardEntry): void;
  /** After a full look: what was not seen, and was not put since it began, is gone. */
  sweep(seen: ReadonlySet<string>, startedAt: number): void;
  /** After any look. */
  looked(): void;
  isWanted(): boolean;
}

export interface BoardRefresh {
  /** Someone waits: resolves when the board is no older than `refreshMs`, or when a look has failed. */
  want(): Promise<void>;
  /** A full look now. Rejects when the source fails. */
  refill(): Promise<void>;
  /** Resolves when a look that is under way has ended. */
  close(): Promise<void>;
}

export function createBoardRefresh(
  source: TaskSource,
  sink: RefreshSink,
  clock: Clock,
  logger: Pick<Logger, 'warn'>,
  tunables: RefreshTunables,
): BoardRefresh {
  let cursor: number | null = null;
  let startedAt = Number.NEGATIVE_INFINITY;
  let freshAt = Number.NEGATIVE_INFINITY;
  let nextFull = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let running: Promise<void> | null = null;
  let scheduled: { promise: Promise<void>; cancel: () => void } | null = null;
  let closed = false;

  async function look(full: boolean): Promise<void> {
    const start = clock.now();
    startedAt = start;
    const after = full || cursor === null || start >= nextFull ? null : cursor - tunables.overlapMs;
    const seen = new Set<string>();
    let newest: number | null = null;
    for await (const entry of source.claimable(after)) {
      if (closed) return;
      seen.add(entry.taskId);
      // A time in the future must not carry the cursor past what becomes claimable until then.
      newest = Math.max(newest ?? 0, Math.min(entry.claimableSince, start));
      sink.accept(entry);
    }
    if (after === null) {
      const end = clock.now();
      nextFull = end + Math.max(tunables.refillMs, REFILL_REST * (end - start));
      cursor = newest;
      sink.sweep(seen, start);
    } else {
      cursor = Math.max(after + tunables.overlapMs, newest ?? 0);
    }
    freshAt = start;
  }

  /** One look at a time: one that is asked for during another comes after it. */
  function run(full: boolean): Promise<void> {
    const mine: Promise<void> = (running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => (closed ? undefined : look(full)))
      .then(
        () => {
          failures = 0;
        },
        (error) => {
          failures += 1;
          throw error;
        },
      )
      .finally(() => {
        if (running === mine) running = null;
        if (closed) return;
        sink.looked();
        if (sink.isWanted()) void schedule();
      });
    running = mine;
    return mine;
  }

  async function runQuietly(): Promise<void> {
    try {
      await run(false);
    } catch (error) {
      if (!closed) logger.warn({ err: error, failures }, 'the board could not be refreshed');
    }
  }

  function schedule(): Promise<void> {
    if (scheduled) return scheduled.promise;
    if (closed) return Promise.resolve();
    const pause = Math.min(tunables.refreshMs * 2 ** failures, tunables.backoffMaxMs);
    const wait = Math.max(0, startedAt + pause - clock.now());
    let cancel = () => {};
    const promise = new Promise<void>((resolve) => {
      const stop = clock.after(wait, () => {
        scheduled = null;
        resolve(sink.isWanted() ? runQuietly() : undefined);
      });
      cancel = () => {
        stop();
        resolve();
      };
    });
    scheduled = { promise, cancel };
    return promise;
  }

  return {
    want() {
      if (running) return running.catch(() => undefined);
      const next = schedule();
      return clock.now() - freshAt < tunables.refreshMs ? Promise.resolve() : next;
    },
    refill: () => run(true),
    async close() {
      closed = true;
      scheduled?.cancel();
      scheduled = null;
      await running?.catch(() => undefined);
    },
  };
}

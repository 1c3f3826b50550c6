/**
 * Visibility requests are few: a production server allows 10 a second for each namespace and frontend.
 * One budget is shared by all that list or count: the board, the directory, lists, the dashboard.
 */
import { type Clock, systemClock } from './clock';

export interface VisibilityBudget {
  /**
   * Resolves when one request may be sent. Users take turns, so that one that asks for many pages does
   * not hold up the others. Rejects after `close`.
   */
  take(user: string): Promise<void>;
  waiting(): number;
  close(): void;
}

export const VISIBILITY_REQUESTS_PER_SECOND = 5;
const WINDOW_MS = 1_000;

interface Turn {
  go(): void;
  refuse(reason: Error): void;
}

export function createVisibilityBudget(
  options: { perSecond?: number; clock?: Clock } = {},
): VisibilityBudget {
  const perSecond = options.perSecond ?? VISIBILITY_REQUESTS_PER_SECOND;
  const clock = options.clock ?? systemClock;
  /** Insertion order is the order of turns. */
  const queues = new Map<string, Turn[]>();
  /** Times of the latest requests, the oldest first; never more than `perSecond`. */
  const sent: number[] = [];
  let cancelTimer: (() => void) | null = null;
  let closed = false;

  function next(): Turn | null {
    const first = queues.entries().next();
    if (first.done) return null;
    const [user, queue] = first.value;
    const turn = queue.shift() ?? null;
    queues.delete(user);
    if (queue.length > 0) queues.set(user, queue);
    return turn;
  }

  function pump(): void {
    cancelTimer?.();
    cancelTimer = null;
    while (queues.size > 0) {
      const now = clock.now();
      const oldest = sent[0];
      if (oldest !== undefined && sent.length >= perSecond) {
        const wait = oldest + WINDOW_MS - now;
        if (wait > 0) {
          cancelTimer = clock.after(wait, pump);
          return;
        }
        sent.shift();
      }
      sent.push(now);
      next()?.go();
    }
  }

  return {
    take: (user) =>
      new Promise<void>((resolve, reject) => {
        if (closed) return reject(new Error('the visibility budget is closed'));
        const queue = queues.get(user) ?? [];
        queue.push({ go: resolve, refuse: reject });
        queues.set(user, queue);
        pump();
      }),
    waiting: () => [...queues.values()].reduce((sum, queue) => sum + queue.length, 0),
    close() {
      closed = true;
      cancelTimer?.();
      cancelTimer = null;
      for (const queue of queues.values()) {
        for (const turn of queue) turn.refuse(new Error('the visibility budget is closed'));
      }
      queues.clear();
    },
  };
}

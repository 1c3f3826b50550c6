/**
 * Tasks that just left the board. The index of visibility shows them for a moment longer; without this
 * memory each of them would be tried once more in vain.
 */
import type { BoardEntry } from './board-entry';
import type { Clock } from './clock';

/** Less than the overlap of incremental looks, so that a wrong memory hides a task for no longer than this. */
const SETTLED_MS = 2_000;

export interface Settled {
  add(entry: BoardEntry): void;
  /** True when the entry is an echo: the task left the board at, or after, that freeing. */
  covers(entry: BoardEntry): boolean;
}

export function createSettled(clock: Clock): Settled {
  const settled = new Map<string, { claimableSince: number; until: number }>();

  function forgetOld(now: number): void {
    for (const [taskId, { until }] of settled) {
      if (until > now) return;
      settled.delete(taskId);
    }
  }

  return {
    add(entry) {
      const now = clock.now();
      forgetOld(now);
      settled.delete(entry.taskId);
      settled.set(entry.taskId, { claimableSince: entry.claimableSince, until: now + SETTLED_MS });
    },
    covers(entry) {
      const known = settled.get(entry.taskId);
      return known !== undefined && known.until > clock.now() && entry.claimableSince <= known.claimableSince;
    },
  };
}

import type { Clock } from '../../dispatch/clock';

export interface ManualClock extends Clock {
  /** Moves time on; timers that fall due run in order, with what they cause in between. */
  advance(ms: number): Promise<void>;
  timers(): number;
}

/** Lets everything that is only waiting for promises happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  let sequence = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();

  function due(until: number) {
    let first: { id: number; at: number; fn: () => void } | null = null;
    for (const [id, timer] of timers) {
      if (timer.at <= until && (first === null || timer.at < first.at)) first = { id, ...timer };
    }
    return first;
  }

  return {
    now: () => now,
    timers: () => timers.size,
    after(ms, fn) {
      const id = sequence++;
      timers.set(id, { at: now + Math.max(0, ms), fn });
      return () => {
        timers.delete(id);
      };
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = due(until); timer !== null; timer = due(until)) {
        timers.delete(timer.id);
        now = Math.max(now, timer.at);
        timer.fn();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}

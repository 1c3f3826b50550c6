import type { Clock } from './clock';

/**
 * Remembers what `load` gave for `ttlMs`; callers that come meanwhile share one load. A failure is not
 * remembered: the next caller tries again.
 */
export function cached<T>(clock: Clock, ttlMs: number, load: () => Promise<T>): () => Promise<T> {
  let current: { value: Promise<T>; until: number } | null = null;
  return () => {
    const now = clock.now();
    if (current && now < current.until) return current.value;
    const mine = { value: load(), until: Number.POSITIVE_INFINITY };
    current = mine;
    mine.value.then(
      () => {
        mine.until = clock.now() + ttlMs;
      },
      () => {
        if (current === mine) current = null;
      },
    );
    return mine.value;
  };
}

export interface CachedByKey<T> {
  (key: string): Promise<T>;
  /** The next caller loads anew. */
  forget(key: string): void;
}

/** `cached` for many keys; forgets the oldest beyond `max`. */
export function cachedByKey<T>(
  clock: Clock,
  ttlMs: number,
  max: number,
  load: (key: string) => Promise<T>,
): CachedByKey<T> {
  const entries = new Map<string, () => Promise<T>>();
  const get = (key: string) => {
    const known = entries.get(key);
    if (known) return known();
    const oldest = entries.keys().next();
    if (entries.size >= max && !oldest.done) entries.delete(oldest.value);
    const entry = cached(clock, ttlMs, () => load(key));
    entries.set(key, entry);
    return entry();
  };
  return Object.assign(get, {
    forget: (key: string) => {
      entries.delete(key);
    },
  });
}

/**
 * Claimable tasks, sorted within buckets of one shape. Looking for the best entry reads the end of each
 * bucket, so its cost grows with the number of shapes and not with the number of tasks.
 */
import { type BoardEntry, compareEntries, type Seeker, type Shape, shapeKey, shapeOf } from './board-entry';

interface Bucket {
  key: string;
  shape: Shape;
  /** The best entry last: taking it is a pop. */
  entries: BoardEntry[];
}

interface Slot {
  entry: BoardEntry;
  bucket: Bucket;
  addedAt: number;
}

export interface BoardIndex {
  size(): number;
  get(taskId: string): BoardEntry | undefined;
  /** When the entry was put, in milliseconds since 1970. */
  addedAt(taskId: string): number;
  /** Replaces an entry of the same task. */
  add(entry: BoardEntry, now: number): void;
  remove(taskId: string): BoardEntry | undefined;
  /** What the seeker should try next, without the entries that it has tried. */
  best(seeker: Seeker, tried: ReadonlySet<BoardEntry>): BoardEntry | null;
  ids(): Iterable<string>;
}

export function createBoardIndex(): BoardIndex {
  const slots = new Map<string, Slot>();
  const buckets = new Map<string, Bucket>();

  function bucketOf(entry: BoardEntry): Bucket {
    const shape = shapeOf(entry);
    const key = shapeKey(shape);
    const known = buckets.get(key);
    if (known) return known;
    const bucket = { key, shape, entries: [] };
    buckets.set(key, bucket);
    return bucket;
  }

  function remove(taskId: string): BoardEntry | undefined {
    const slot = slots.get(taskId);
    if (!slot) return undefined;
    slots.delete(taskId);
    const { bucket, entry } = slot;
    bucket.entries.splice(positionOf(bucket.entries, entry), 1);
    if (bucket.entries.length === 0) buckets.delete(bucket.key);
    return entry;
  }

  return {
    size: () => slots.size,
    get: (taskId) => slots.get(taskId)?.entry,
    addedAt: (taskId) => slots.get(taskId)?.addedAt ?? 0,
    ids: () => slots.keys(),
    remove,
    add(entry, now) {
      remove(entry.taskId);
      const bucket = bucketOf(entry);
      bucket.entries.splice(positionOf(bucket.entries, entry), 0, entry);
      slots.set(entry.taskId, { entry, bucket, addedAt: now });
    },
    best(seeker, tried) {
      let best: BoardEntry | null = null;
      let preferred = false;
      for (const bucket of buckets.values()) {
        if (!seeker.accepts(bucket.shape)) continue;
        const prefers = seeker.prefers(bucket.shape);
        if (preferred && !prefers) continue;
        const entry = lastUntried(bucket.entries, tried);
        if (!entry) continue;
        if (best === null || (prefers && !preferred) || compareEntries(entry, best) < 0) {
          best = entry;
          preferred = prefers;
        }
      }
      return best;
    },
  };
}

/** Where the entry is, or belongs, in a list that is sorted with the best last. */
function positionOf(entries: readonly BoardEntry[], entry: BoardEntry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = entries[middle];
    if (other !== undefined && compareEntries(other, entry) > 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lastUntried(entries: readonly BoardEntry[], tried: ReadonlySet<BoardEntry>): BoardEntry | null {
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    if (entry && !tried.has(entry)) return entry;
  }
  return null;
}

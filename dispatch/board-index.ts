/**
 * Claimable tasks in buckets of one shape. Looking for the best entry reads the front of each bucket, so its
 * cost grows with the number of shapes and not with the number of tasks.
 */
import { type BoardEntry, compareEntries, type Seeker, type Shape, shapeKey, shapeOf } from './board-entry';
import { createLane, type Lane } from './board-lane';

interface Bucket {
  key: string;
  shape: Shape;
  /** By priority, the highest first. */
  lanes: Array<[priority: number, lane: Lane]>;
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
  remove(taskId: string): void;
  /** What the seeker should try next, without the entries that it has tried. */
  best(seeker: Seeker, tried: ReadonlySet<BoardEntry>): BoardEntry | null;
  /** How many entries the seeker may take. */
  count(seeker: Seeker): number;
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
    const bucket: Bucket = { key, shape, lanes: [] };
    buckets.set(key, bucket);
    return bucket;
  }

  function remove(taskId: string): void {
    const slot = slots.get(taskId);
    if (!slot) return;
    slots.delete(taskId);
    const { bucket, entry } = slot;
    const at = bucket.lanes.findIndex(([priority]) => priority === entry.priority);
    const lane = bucket.lanes[at]?.[1];
    lane?.remove(entry);
    if (lane?.isEmpty()) bucket.lanes.splice(at, 1);
    if (bucket.lanes.length === 0) buckets.delete(bucket.key);
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
      laneOf(bucket, entry.priority).add(entry);
      slots.set(entry.taskId, { entry, bucket, addedAt: now });
    },
    count(seeker) {
      let found = 0;
      for (const { shape, lanes } of buckets.values()) {
        if (seeker.accepts(shape)) for (const [, lane] of lanes) found += lane.size();
      }
      return found;
    },
    best(seeker, tried) {
      let best: BoardEntry | null = null;
      let preferred = false;
      for (const bucket of buckets.values()) {
        if (!seeker.accepts(bucket.shape)) continue;
        const prefers = seeker.prefers(bucket.shape);
        if (preferred && !prefers) continue;
        const entry = firstOf(bucket, tried);
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

function laneOf({ lanes }: Bucket, priority: number): Lane {
  const known = lanes.find(([other]) => other === priority);
  if (known) return known[1];
  const lane = createLane();
  lanes.push([priority, lane]);
  lanes.sort(([a], [b]) => a - b);
  return lane;
}

function firstOf({ lanes }: Bucket, tried: ReadonlySet<BoardEntry>): BoardEntry | null {
  for (const [, lane] of lanes) {
    const entry = lane.first(tried);
    if (entry) return entry;
  }
  return null;
}

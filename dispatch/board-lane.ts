/**
 * Entries of one priority, the one that goes first at the front. Tasks leave mostly from the front and come at
 * either end (visibility lists the youngest first), so both ends are cheap whatever the length.
 */
import { type BoardEntry, compareEntries } from './board-entry';

/** Shorter lanes are moved about without a thought. */
const ROOM_MIN = 64;

export interface Lane {
  add(entry: BoardEntry): void;
  remove(entry: BoardEntry): void;
  first(tried: ReadonlySet<BoardEntry>): BoardEntry | null;
  isEmpty(): boolean;
  size(): number;
}

export function createLane(): Lane {
  let entries: Array<BoardEntry | undefined> = [];
  /** Before it is room. */
  let front = 0;

  /** Where the entry is, or belongs. */
  function positionOf(entry: BoardEntry): number {
    const last = entries.at(-1);
    if (front === entries.length || (last && compareEntries(last, entry) < 0)) return entries.length;
    let low = front;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = entries[middle];
      if (other && compareEntries(other, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function leaveFront(): void {
    entries[front] = undefined;
    front += 1;
    if (front < ROOM_MIN || front < 0.75 * entries.length) return;
    entries = entries.slice(front);
    front = 0;
  }

  function joinFront(entry: BoardEntry): void {
    if (front === 0) {
      front = Math.max(ROOM_MIN, entries.length);
      entries = [...new Array<undefined>(front), ...entries];
    }
    front -= 1;
    entries[front] = entry;
  }

  return {
    isEmpty: () => front === entries.length,
    size: () => entries.length - front,
    add(entry) {
      const position = positionOf(entry);
      if (position === entries.length) entries.push(entry);
      else if (position === front) joinFront(entry);
      else entries.splice(position, 0, entry);
    },
    remove(entry) {
      if (entries[front] === entry) return leaveFront();
      const position = positionOf(entry);
      if (entries[position] === entry) entries.splice(position, 1);
    },
    first(tried) {
      for (let i = front; i < entries.length; i++) {
        const entry = entries[i];
        if (entry && !tried.has(entry)) return entry;
      }
      return null;
    },
  };
}

/** Leases that this process granted or renewed lately. A cache: forgetting one costs a describe. */
import type { Checkpoint } from '../contracts/receipt';
import type { HolderRef } from '../contracts/task';

/** A checkpoint, and when it was told, in milliseconds since 1970. */
export interface Told {
  checkpoint: Checkpoint;
  at: number;
}

export interface KnownLease {
  holder: HolderRef;
  product: string;
  activityId: string;
  leaseMs: number;
  /** The task has been told that its holder is at work. */
  announced: boolean;
  /** The last that its holder told: each renewal repeats it, for the next one may be the last. */
  checkpoint: Told | null;
  /** What the task itself has been told of it, and when. */
  told: Told | null;
}

export interface LeaseMemory {
  get(taskId: string, epoch: number): KnownLease | undefined;
  set(taskId: string, epoch: number, lease: KnownLease): void;
  forget(taskId: string, epoch: number): void;
}

/** More than any fleet renews at one time; some 2 MB. */
const CAPACITY = 10_000;

export function createLeaseMemory(capacity = CAPACITY): LeaseMemory {
  // A Map keeps the order of insertion: the first key is the one least recently used.
  const known = new Map<string, KnownLease>();
  const key = (taskId: string, epoch: number) => `${epoch}/${taskId}`;
  const put = (name: string, lease: KnownLease) => {
    known.delete(name);
    known.set(name, lease);
    const oldest = known.keys().next();
    if (known.size > capacity && !oldest.done) known.delete(oldest.value);
  };
  return {
    get(taskId, epoch) {
      const lease = known.get(key(taskId, epoch));
      if (lease) put(key(taskId, epoch), lease);
      return lease;
    },
    set: (taskId, epoch, lease) => put(key(taskId, epoch), lease),
    forget: (taskId, epoch) => known.delete(key(taskId, epoch)),
  };
}

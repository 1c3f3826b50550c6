/**
 * Which slots of which hosts are taken, as this process sees it: from a claim until the attempt has ended.
 * The host itself counts exactly (its slot directories); this count only keeps claims from being in vain.
 */
import { type Clock, systemClock } from '../dispatch/clock';
import { type Candidate, hasRoom } from '../workflows/rules/candidates';

/** Visibility may be this late (measured: 51 ms); what it has not shown yet is not judged by it before. */
const INDEX_LAG_MS = 5_000;

export interface HostRoom {
  id: string;
  capabilities: readonly string[];
  slots: number;
  online(): boolean;
  /** What else is known of it now; nothing where it is not looked at. */
  condition?(): Partial<Pick<Candidate, 'online' | 'unreachable' | 'cordoned' | 'lacking'>>;
}

interface Occupant {
  /** When the slot was taken; 0 once visibility has shown it. */
  since: number;
  attemptId: string | null;
  /** Activities of the attempt that run in this process. */
  active: number;
}

interface HostState {
  room: HostRoom;
  occupants: Map<string, Occupant>;
  /** Tasks whose attempt ended, and when: the index shows them a little longer. */
  ended: Map<string, number>;
  blockedUntil: number;
}

export interface Slots {
  candidates(): Candidate[];
  hasRoom(): boolean;
  /** A slot for a claim that is about to be sent. */
  take(hostId: string, taskId: string): void;
  /** The claim came to nothing. Wakes nobody: whoever is woken would send the same claim again. */
  giveBack(hostId: string, taskId: string): void;
  /** An activity of an attempt begins here; the result ends it. */
  enter(hostId: string, taskId: string, attemptId: string): (attempt: 'ended' | 'goes on') => void;
  /** The run of this attempt is dead. */
  attemptEnded(hostId: string, attemptId: string): void;
  /** The host had no room after all: no claims for it for so long, in milliseconds. */
  block(hostId: string, ms: number): void;
  /** What visibility showed at `readAt`: tasks held by each host. */
  reconcile(held: ReadonlyMap<string, ReadonlySet<string>>, readAt: number): void;
  /** True when only visibility can tell that some attempt has ended. */
  hasForeign(): boolean;
  /** Something about a host has changed that candidates show. */
  changed(): void;
  /** Calls back whenever room may have been gained; the result ends that. */
  onRoom(callback: () => void): () => void;
  close(): void;
}

/** @param elsewhere hosts of other processes, as far as they are known */
export function createSlots(
  rooms: readonly HostRoom[],
  clock: Clock = systemClock,
  elsewhere: () => readonly Candidate[] = () => [],
): Slots {
  const hosts = new Map<string, HostState>(
    rooms.map((room) => [room.id, { room, occupants: new Map(), ended: new Map(), blockedUntil: 0 }]),
  );
  const callbacks = new Set<() => void>();
  const timers = new Set<() => void>();

  const gained = () => {
    for (const callback of [...callbacks]) callback();
  };

  function hostOf(id: string): HostState {
    const host = hosts.get(id);
    if (!host) throw new Error(`unknown host ${id}: this process serves ${[...hosts.keys()].join(', ')}`);
    return host;
  }

  function occupy(host: HostState, taskId: string): Occupant {
    const known = host.occupants.get(taskId);
    if (known) return known;
    const occupant = { since: clock.now(), attemptId: null, active: 0 };
    host.occupants.set(taskId, occupant);
    host.ended.delete(taskId);
    return occupant;
  }

  function release(host: HostState, taskId: string): void {
    if (!host.occupants.delete(taskId)) return;
    host.ended.set(taskId, clock.now());
    gained();
  }

  const candidates = (): Candidate[] =>
    [...hosts.values()].map(({ room, occupants, blockedUntil }): Candidate => {
      const condition = room.condition?.();
      return {
        ...condition,
        id: room.id,
        capabilities: room.capabilities,
        slots: room.slots,
        running: occupants.size,
        online: room.online() && condition?.online !== false && clock.now() >= blockedUntil,
      };
    });

  return {
    candidates: () => [...candidates(), ...elsewhere()],
    hasRoom: () => candidates().some(hasRoom),
    take(hostId, taskId) {
      occupy(hostOf(hostId), taskId).since = clock.now();
    },
    giveBack(hostId, taskId) {
      hostOf(hostId).occupants.delete(taskId);
    },
    enter(hostId, taskId, attemptId) {
      const host = hostOf(hostId);
      const occupant = occupy(host, taskId);
      occupant.attemptId = attemptId;
      occupant.active += 1;
      return (attempt) => {
        occupant.active -= 1;
        if (attempt === 'ended' && host.occupants.get(taskId) === occupant) release(host, taskId);
      };
    },
    attemptEnded(hostId, attemptId) {
      const host = hostOf(hostId);
      for (const [taskId, occupant] of host.occupants) {
        if (occupant.attemptId === attemptId) release(host, taskId);
      }
    },
    block(hostId, ms) {
      hostOf(hostId).blockedUntil = clock.now() + ms;
      const cancel = clock.after(ms, () => {
        timers.delete(cancel);
        gained();
      });
      timers.add(cancel);
    },
    reconcile(held, readAt) {
      for (const [id, host] of hosts) {
        const shown = held.get(id) ?? new Set<string>();
        for (const [taskId, occupant] of [...host.occupants]) {
          const settled = occupant.active === 0 && occupant.since < readAt - INDEX_LAG_MS;
          if (settled && !shown.has(taskId)) release(host, taskId);
        }
        for (const [taskId, at] of host.ended) {
          if (at < readAt - INDEX_LAG_MS) host.ended.delete(taskId);
        }
        for (const taskId of shown) {
          if (!host.ended.has(taskId)) occupy(host, taskId).since = 0;
        }
      }
    },
    hasForeign: () =>
      [...hosts.values()].some(({ occupants }) => [...occupants.values()].some(({ active }) => active === 0)),
    changed: gained,
    onRoom(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    close() {
      for (const cancel of timers) cancel();
      timers.clear();
      callbacks.clear();
    },
  };
}

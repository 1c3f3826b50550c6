/** Which host gets the next task. */
import type { ExecutionMode, HolderRef } from '../../contracts/task';
import { hostRef } from '../names';
import { mayClaim } from './decide';

export interface Candidate {
  id: string;
  capabilities: readonly string[];
  slots: number;
  /** Slots taken, from the claim until the attempt has ended. */
  running: number;
  online: boolean;
}

export interface Offer {
  mode: ExecutionMode;
  labels: readonly string[];
  assignedTo: HolderRef | null;
}

export function hasRoom(host: Candidate): boolean {
  return host.online && host.running < host.slots;
}

/** The least loaded host (running / slots, then name) that is online, has a free slot and may claim; null if none. */
export function chooseHost<T extends Candidate>(hosts: readonly T[], offer: Offer): T | null {
  const task = {
    execution_mode: offer.mode,
    origin_mode: offer.mode,
    labels: offer.labels,
    assigned: offer.assignedTo,
  };
  let best: T | null = null;
  for (const host of hosts) {
    if (!hasRoom(host)) continue;
    if (mayClaim(task, { holder: hostRef(host.id), capabilities: host.capabilities }) !== null) continue;
    if (best === null || isLessLoaded(host, best)) best = host;
  }
  return best;
}

function isLessLoaded(a: Candidate, b: Candidate): boolean {
  // Cross-multiplied: equal loads of different sizes compare equal, which quotients in floating point need not.
  const difference = a.running * b.slots - b.running * a.slots;
  return difference === 0 ? a.id < b.id : difference < 0;
}

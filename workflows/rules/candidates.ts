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
  /** Reached lately, and fit to run something. */
  online: boolean;
  /** It could not be reached; else an offline host is one of which nothing is known yet, or unfit. */
  unreachable?: boolean;
  /** Takes nothing new. */
  cordoned?: boolean;
  /** Templates that it cannot run now; null among them: that of tasks which name none. */
  lacking?: ReadonlyArray<string | null>;
  /** Served by another process: never chosen here, but a task may wait for it. */
  elsewhere?: true;
}

export interface Offer {
  mode: ExecutionMode;
  labels: readonly string[];
  assignedTo: HolderRef | null;
  /** null: that of the host. Left out: not known. */
  template?: string | null;
  /** They wrote what the task is to judge. */
  notBy?: readonly HolderRef[];
}

const hasSlot = (host: Candidate) =>
  host.elsewhere === undefined && host.cordoned !== true && host.running < host.slots;

/** It may take a task; one that cannot be reached only what was meant for a host, which then fails. */
export const hasRoom = (host: Candidate): boolean =>
  hasSlot(host) && (host.online || host.unreachable === true);

/**
 * The least loaded host (running / slots, then name) that is online, has a free slot, can run the template and may
 * claim; null if none. A task that only hosts may do (by its mode, or because one was assigned) goes to one that
 * cannot be reached when there is no other: its attempt fails with the reason, instead of waiting without one.
 */
export function chooseHost<T extends Candidate>(hosts: readonly T[], offer: Offer): T | null {
  const able = hosts.filter((host) => isAble(host, offer));
  const online = least(able.filter((host) => host.online && hasSlot(host)));
  if (online !== null || offer.mode !== 'ssh_cli') return online;
  return able.every((host) => host.unreachable === true) ? least(able.filter(hasSlot)) : null;
}

function isAble(host: Candidate, { mode, labels, assignedTo, template, notBy }: Offer): boolean {
  const task = {
    execution_mode: mode,
    origin_mode: mode,
    labels,
    assigned: assignedTo,
    ...(notBy && { not_by: notBy }),
  };
  if (mayClaim(task, { holder: hostRef(host.id), capabilities: host.capabilities }) !== null) return false;
  return host.unreachable === true || template === undefined || host.lacking?.includes(template) !== true;
}

function least<T extends Candidate>(hosts: readonly T[]): T | null {
  let best: T | null = null;
  for (const host of hosts) if (best === null || isLessLoaded(host, best)) best = host;
  return best;
}

function isLessLoaded(a: Candidate, b: Candidate): boolean {
  // Cross-multiplied: equal loads of different sizes compare equal, which quotients in floating point need not.
  const difference = a.running * b.slots - b.running * a.slots;
  return difference === 0 ? a.id < b.id : difference < 0;
}

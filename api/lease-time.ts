/** When a lease expires, as the server sees it: read from the pending activity, which knows of every renewal. */
import type { WorkflowExecutionDescription } from '@temporalio/client';

/** Two renewals may be lost before a lease expires. */
const RENEWALS_PER_LEASE = 3;

/** How often a holder is to renew, in seconds. */
export const renewEveryS = (leaseMs: number) => leaseMs / RENEWALS_PER_LEASE / 1_000;

export interface PendingLease {
  activityId: string;
  epoch: number;
  n: number;
  /** Picked up by a worker: only then can it be renewed. */
  started: boolean;
  cancelRequested: boolean;
  /** Its length in milliseconds. */
  leaseMs: number;
  /** Milliseconds since 1970; null while it has not begun to run. */
  expiresAt: number | null;
}

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type Timestamp = Pending['scheduledTime'];

const STARTED = 2;
const CANCEL_REQUESTED = 3;

/** The newest lease activity that is pending, or null. */
export function pendingLease(description: Pick<WorkflowExecutionDescription, 'raw'>): PendingLease | null {
  let newest: PendingLease | null = null;
  for (const activity of description.raw.pendingActivities ?? []) {
    const match = /^lease-(\d+)-(\d+)$/.exec(activity.activityId ?? '');
    if (!match) continue;
    const [epoch, n] = [Number(match[1]), Number(match[2])];
    if (newest && (newest.epoch > epoch || (newest.epoch === epoch && newest.n > n))) continue;
    const leaseMs = toMs(activity.activityOptions?.heartbeatTimeout) ?? 0;
    const last = toMs(activity.lastHeartbeatTime) ?? toMs(activity.lastStartedTime);
    newest = {
      activityId: activity.activityId ?? '',
      epoch,
      n,
      started: activity.state === STARTED,
      cancelRequested: activity.state === CANCEL_REQUESTED,
      leaseMs,
      expiresAt: last === null || leaseMs === 0 ? null : last + leaseMs,
    };
  }
  return newest;
}

function toMs(time: Timestamp): number | null {
  if (!time) return null;
  const ms = Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1_000_000;
  return ms > 0 ? Math.round(ms) : null;
}

import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import { CONTROL_QUEUE, leaseActivityId } from '../names';
import { lapse } from '../rules/lease';
import type { ControlActivities, LeaseHeartbeat } from './activity-types';
import type { Machine } from './machine';
import type { Lease } from './types';

/** A lease whose activity no worker picks up cannot be renewed: it ends like one that was never renewed. */
const MIN_PICKUP_MS = 10_000;

/**
 * The lease of an agent is an activity that is kept alive by heartbeats (renewals) and never ends by
 * itself: a renewal costs no history event, and the server watches the clock.
 */
export async function holdLease(lease: Lease, machine: Machine): Promise<void> {
  const { input } = machine.state;
  const { holdLease: hold } = proxyActivities<ControlActivities>({
    taskQueue: CONTROL_QUEUE,
    activityId: leaseActivityId(lease.epoch, lease.n),
    heartbeatTimeout: lease.lease_ms,
    scheduleToStartTimeout: Math.max(MIN_PICKUP_MS, lease.lease_ms),
    // The run timeout ends the attempt first; this only satisfies the server, which wants a limit.
    startToCloseTimeout: input.timeouts.run_ms + 2 * lease.lease_ms,
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: `${lease.holder} holds epoch ${lease.epoch}`,
  });
  let heartbeat: LeaseHeartbeat | null = null;
  try {
    await hold({ task_id: input.task_id, holder: lease.holder, epoch: lease.epoch });
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) {
      heartbeat = (error.cause.lastHeartbeatDetails as LeaseHeartbeat | undefined) ?? null;
    }
  }
  // However it ended, nobody keeps the lease alive any more.
  machine.apply((state, now) => lapse(state, { epoch: lease.epoch, n: lease.n, heartbeat }, now));
}

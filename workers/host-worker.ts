import { type NativeConnection, Worker } from '@temporalio/worker';
import type { HostActivities } from '../contracts/run';
import { hostQueue } from '../workflows/names';

/** A host has few tasks at a time; each poll is a long poll that the server must hold. */
const POLLS = 2;
/** Beside a start or follow in each slot: kills must never wait for a slot that they are to free. */
const KILLS_PER_SLOT = 1;
const SPARE = 4;
/** For starts under way. Followers leave when it ends, and another worker re-attaches to their runs. */
const SHUTDOWN_GRACE_MS = 2_000;
/** By then a follower knows that it was cancelled; three in the time-out of a heartbeat (10 s). */
const MAX_THROTTLE_MS = 3_000;

export interface HostWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  hostId: string;
  slots: number;
  activities: HostActivities;
}

/** Runs the activities of one host and no workflows. */
export function createHostWorker(options: HostWorkerOptions): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: hostQueue(options.hostId),
    activities: options.activities,
    maxConcurrentActivityTaskPolls: POLLS,
    maxConcurrentActivityTaskExecutions: options.slots * (1 + KILLS_PER_SLOT) + SPARE,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    maxHeartbeatThrottleInterval: MAX_THROTTLE_MS,
  });
}

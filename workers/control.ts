import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { holdActivities } from '../activities/control/hold';
import { openForge } from '../activities/forge/open-forge';
import { CONTROL_QUEUE } from '../workflows/names';
import { createFenceHolder } from './fence-holder';
import { createForgeWorker } from './forge/forge-worker';
import type { Role, RoleDeps } from './role';
import { workerRole } from './worker-role';

/** Time for activities under way to end at a stop; they are short here. */
const SHUTDOWN_GRACE_MS = 2_000;
/** After this long a worker is left as it is; nothing is lost by that, for its tasks are given to the next. */
const SHUTDOWN_FORCE_MS = 10_000;
/** A workflow whose worker died waits this long before another worker may take it over (the default is 10 s). */
const STICKY_TIMEOUT_MS = 1_000;

/**
 * Runs the workflows, and what they ask of forges. Run as many of these as wanted: the state is in Temporal.
 * @param over for tests, such as a worker that keeps nothing in memory
 */
export async function startControlWorker(deps: RoleDeps, over: Partial<WorkerOptions> = {}): Promise<Role> {
  const connection = await NativeConnection.connect(deps.temporal.connectionOptions);
  const outside = Connection.lazy(deps.temporal.connectionOptions);
  const client = new Client({ connection: outside, namespace: deps.temporal.namespace });
  // A secret that is missing is found before anything runs.
  const forges = await createForgeWorker(deps, connection, openForge).catch(async (error: unknown) => {
    await Promise.all([connection.close(), outside.close()]);
    throw error;
  });
  const worker = await Worker.create({
    connection,
    namespace: deps.temporal.namespace,
    taskQueue: CONTROL_QUEUE,
    workflowBundle: { codePath: deps.bundlePath },
    activities: { ...holdActivities, ...createFenceHolder(client) },
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
    maxConcurrentActivityTaskExecutions: 200,
    ...over,
  });
  const role = workerRole(forges ? [worker, forges.worker] : [worker], connection, deps.logger);
  const close = () => Promise.all([outside.close(), forges?.close()]);
  return { ...role, stop: () => role.stop().finally(close) };
}

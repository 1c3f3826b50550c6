/** The activities that talk to forges, on a queue of their own: one that is slow or away holds up nothing else. */
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { openClients } from '../../api/connections';
import { createDirectory } from '../../dispatch/directory';
import { createReachability } from '../../dispatch/reachability';
import { createVisibilityBudget } from '../../dispatch/visibility-budget';
import type { ForgeActivities } from '../../workflows/delivery/activity-types';
import { FORGE_QUEUE } from '../../workflows/names';
import { openBlobs } from '../blobs';
import { resolveSources } from '../config/sources';
import type { RoleDeps } from '../role';
import { createAskForReview } from './ask-for-review';
import { type ForgeContext, type OpenForge, openSources } from './forge-context';
import { createHandleDelivery } from './handle-delivery';
import { createTellForge } from './tell-forge';

const AT_ONCE = 20;
/** Each of them makes some five requests; GitHub asks for no more than 80 that write in a minute. */
const PER_SECOND = 10;
/** A forge may take its time over the request that is under way. */
const SHUTDOWN_GRACE_MS = 2_000;
const SHUTDOWN_FORCE_MS = 10_000;
/** The index is behind by some 50 ms, by more on a busy server. */
const INDEX_LAG = { looks: 4, waitMs: 250 };

export const forgeActivities = (ctx: ForgeContext): ForgeActivities => ({
  ...createHandleDelivery(ctx),
  ...createTellForge(ctx),
  ...createAskForReview(ctx),
});

export interface ForgeWorker {
  worker: Worker;
  /** After the worker has stopped. */
  close(): Promise<void>;
}

/** null when the config file names no forge. Throws a SourcesError when a secret is missing. */
export async function createForgeWorker(
  deps: RoleDeps,
  connection: NativeConnection,
  open: OpenForge,
): Promise<ForgeWorker | null> {
  const { config, temporal, environment, logger, stateDir } = deps;
  if (Object.keys(config.forges).length === 0) return null;
  const sources = openSources(resolveSources(config, environment), open);
  const reachability = createReachability();
  const clients = openClients(temporal, reachability);
  const budget = createVisibilityBudget();
  const configured = Object.entries(config.hosts).map(([id, { capabilities }]) => ({ id, capabilities }));
  const directory = createDirectory({
    client: clients.client,
    budget,
    logger: logger.child({ part: 'forges' }),
    configured,
  });
  const ctx: ForgeContext = {
    ...clients,
    directory,
    budget,
    config,
    sources,
    blobs: openBlobs(stateDir),
    // Boards find what is created here by themselves, within a second.
    board: { put() {} },
    indexLag: INDEX_LAG,
  };
  async function close() {
    budget.close();
    directory.close();
    await clients.endRetries();
    await clients.close();
  }
  try {
    const worker = await Worker.create({
      connection,
      namespace: temporal.namespace,
      taskQueue: FORGE_QUEUE,
      activities: forgeActivities(ctx),
      maxConcurrentActivityTaskExecutions: AT_ONCE,
      maxActivitiesPerSecond: PER_SECOND,
      shutdownGraceTime: SHUTDOWN_GRACE_MS,
      shutdownForceTime: SHUTDOWN_FORCE_MS,
    });
    return { worker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The host role: for each configured host a worker on its queue and its presence; one dispatcher for all. */
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, type Worker } from '@temporalio/worker';
import { DirectoryBlobStore } from '../activities/blobs/directory-store';
import { createHostActivities } from '../activities/ssh/host-activities';
import type { BlobStore } from '../contracts/blobs';
import { createBoard } from '../dispatch/board';
import type { BoardShare } from '../dispatch/board-share';
import { createClaims } from '../dispatch/claim';
import { claimInterceptors } from '../dispatch/claim-retry';
import { systemClock } from '../dispatch/clock';
import { createReachability } from '../dispatch/reachability';
import { createVisibilityBudget } from '../dispatch/visibility-budget';
import type { Candidate } from '../workflows/rules/candidates';
import { startDispatcher } from './dispatcher';
import { heldByHosts } from './dispatcher-held';
import { createSlots, type Slots } from './dispatcher-slots';
import { watchActivities } from './dispatcher-watch';
import { createHostWorker } from './host-worker';
import type { Role, RoleDeps } from './role';
import { hostDeps, roomOf, type ServedHost } from './served-host';
import { createTransport } from './transports';
import { watchHosts } from './watch-hosts';
import { workerRole } from './worker-role';

/** What the roles of one process may share; what is not given is made here. */
export interface HostShares extends Partial<BoardShare> {
  blobs?: BlobStore;
}

/** Rejects when the engine cannot be reached; nothing stays open then. */
export async function startHostWorkers(deps: RoleDeps, shares: HostShares = {}): Promise<Role> {
  /** Run in the opposite order at the stop, and when the start fails. */
  const closers: Array<() => unknown> = [];
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      for (const closer of closers.toReversed()) {
        try {
          await closer();
        } catch (error) {
          deps.logger.warn({ err: error, part: 'host' }, 'something did not close cleanly');
        }
      }
    })();
    return closing;
  };
  try {
    const role = await start(deps, shares, closers);
    return { ...role, stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(deps: RoleDeps, shares: HostShares, closers: Array<() => unknown>): Promise<Role> {
  const { temporal, config } = deps;
  const logger = deps.logger.child({ part: 'host' });
  const reachability = createReachability();
  const connection = await Connection.connect({
    ...temporal.connectionOptions,
    interceptors: claimInterceptors(reachability),
  });
  closers.push(() => connection.close());
  const client = new Client({ connection, namespace: temporal.namespace });
  const budget = shares.budget ?? createVisibilityBudget();
  if (!shares.budget) closers.push(() => budget.close());
  const board = shares.board ?? createBoard({ client, budget, logger });
  if (!shares.board) closers.push(() => board.close());
  const claims = createClaims({ client, logger, budget, reachability });
  closers.push(() => claims.close());

  const hosts: ServedHost[] = Object.entries(config.hosts).map(([id, host]) => ({
    id,
    config: host,
    slots: host.slots ?? 1,
    transport: createTransport(host, deps.environment),
    worker: null,
    watch: null,
  }));
  closers.push(() => Promise.all(hosts.map(({ transport }) => transport.close())));
  let elsewhere: Candidate[] = [];
  const slots = createSlots(hosts.map(roomOf), systemClock, () => elsewhere);
  closers.push(() => slots.close());

  const blobs = shares.blobs ?? blobsOf(deps);
  const role = await startWorkers(deps, { hosts, slots, client, blobs }, closers);
  const onElsewhere = (candidates: Candidate[]) => {
    elsewhere = candidates;
  };
  await watchHosts({ role: deps, hosts, client, budget, blobs, slots, onElsewhere }, closers);
  if (hosts.length > 0) {
    const hostIds = hosts.map(({ id }) => id);
    const held = () => heldByHosts(client, budget, hostIds);
    const dispatcher = startDispatcher({ board, claims, slots, held, logger });
    closers.push(() => dispatcher.stop());
  }
  return role;
}

async function startWorkers(
  deps: RoleDeps,
  { hosts, slots, client, blobs }: { hosts: ServedHost[]; slots: Slots; client: Client; blobs: BlobStore },
  closers: Array<() => unknown>,
): Promise<Role> {
  const { temporal, logger } = deps;
  const native = await NativeConnection.connect(temporal.connectionOptions);
  const created: Worker[] = [];
  let role: Role | null = null;
  closers.push(() => (role ? role.stop() : native.close()));
  for (const host of hosts) {
    const activities = createHostActivities(hostDeps(deps, host, client, blobs));
    host.worker = await createHostWorker({
      connection: native,
      namespace: temporal.namespace,
      hostId: host.id,
      slots: host.slots,
      activities: watchActivities(activities, host.id, slots, (failure) => host.watch?.lost(failure)),
    });
    created.push(host.worker);
  }
  role = workerRole(created, native, logger);
  return role;
}

const blobsOf = ({ stateDir }: RoleDeps) => new DirectoryBlobStore(join(stateDir.path, 'blobs'));

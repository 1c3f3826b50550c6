/** Keeps an eye on every host of this process, and on those of others while one of them cannot be reached. */
import type { Client } from '@temporalio/client';
import { Host } from '../activities/ssh/host';
import type { BlobStore } from '../contracts/blobs';
import { createDirectory } from '../dispatch/directory';
import { registerHolder } from '../dispatch/holders';
import { createHostLine } from '../dispatch/host-beat';
import type { VisibilityBudget } from '../dispatch/visibility-budget';
import type { Candidate } from '../workflows/rules/candidates';
import type { Slots } from './dispatcher-slots';
import { startCleaning } from './host-cleaning';
import { candidateElsewhere } from './host-condition';
import { watchHost } from './host-watch';
import type { RoleDeps } from './role';
import { hostDeps, looksEvery, profileOf, type ServedHost } from './served-host';

/** How long the start waits for the first look at the hosts; one that does not answer takes longer. */
const FIRST_LOOK_MS = 2_000;

export interface HostsWatchDeps {
  role: RoleDeps;
  hosts: ServedHost[];
  client: Client;
  budget: VisibilityBudget;
  blobs: BlobStore;
  slots: Slots;
  /** Gets what other processes have, whenever it was read. */
  onElsewhere(candidates: Candidate[]): void;
}

/** Registers each host and begins to look at it; `closers` get what ends that. Rejects when the engine is away. */
export async function watchHosts(deps: HostsWatchDeps, closers: Array<() => unknown>): Promise<void> {
  const { role, hosts, client, budget, blobs, slots } = deps;
  const directory = createDirectory({ client, budget, logger: role.logger });
  closers.push(() => directory.close());

  async function isAlone(hostId: string): Promise<boolean> {
    const elsewhere = (await directory.hosts()).map(candidateElsewhere);
    deps.onElsewhere(elsewhere);
    return elsewhere.every(({ id, online }) => id !== hostId || !online);
  }

  for (const host of hosts) {
    const profile = profileOf(host, role);
    await registerHolder(client, profile);
    const seen = new Host(hostDeps(role, host, client, blobs));
    const logger = role.logger.child({ part: 'host', host: host.id });
    const watch = watchHost({
      host: seen,
      line: createHostLine(client, host.id),
      register: () => registerHolder(client, profile),
      isAlone: () => isAlone(host.id),
      probe_ms: looksEvery(role.config),
      logger,
      onChange: () => slots.changed(),
    });
    host.watch = watch;
    closers.push(() => watch.stop());
    const cleaning = startCleaning({ host: seen, client, keep_ms: role.config.keep_runs_ms, logger });
    closers.push(() => cleaning.stop());
  }
  await settledWithin(FIRST_LOOK_MS, hosts);
}

async function settledWithin(ms: number, hosts: ServedHost[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.all(hosts.map(({ watch }) => watch?.first)), late]);
  clearTimeout(timer);
}

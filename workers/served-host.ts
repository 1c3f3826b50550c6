/** One host as this process serves it, and what its parts are given. */
import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import type { HostDeps } from '../activities/ssh/host';
import type { Transport } from '../activities/ssh/transport';
import type { BlobStore } from '../contracts/blobs';
import type { Config, HostConfig } from '../contracts/config';
import type { HolderProfile } from '../workflows/holder/types';
import type { HostRoom } from './dispatcher-slots';
import type { HostWatch } from './host-watch';
import type { RoleDeps } from './role';

export interface ServedHost {
  id: string;
  config: HostConfig;
  slots: number;
  transport: Transport;
  worker: Worker | null;
  watch: HostWatch | null;
}

/** Looks in a row that may fail before a host counts as offline. */
const LOOKS_PER_PRESENCE = 3;
const ENGINE_TIMEOUT_MS = 2_000;

export const hostDeps = (
  { config, environment, logger }: RoleDeps,
  host: ServedHost,
  client: Client,
  blobs: BlobStore,
): HostDeps => ({
  hostId: host.id,
  host: { ...host.config, slots: host.slots },
  templates: config.templates,
  default_template: config.default_template,
  prompts: config.prompts,
  values: environment,
  transport: host.transport,
  blobs,
  logger: logger.child({ part: 'host', host: host.id }),
  engineAnswers: () => engineAnswers(client),
});

async function engineAnswers(client: Client): Promise<boolean> {
  await client.withDeadline(Date.now() + ENGINE_TIMEOUT_MS, () => client.workflowService.getSystemInfo({}));
  return true;
}

export const roomOf = (host: ServedHost): HostRoom => ({
  id: host.id,
  capabilities: host.config.capabilities,
  slots: host.slots,
  online: () => host.worker?.getState() === 'RUNNING',
  condition: () => host.watch?.condition() ?? { online: false },
});

/** Between two looks at a host, in milliseconds. */
export const looksEvery = ({ probe_ms, presence_ms }: Pick<Config, 'probe_ms' | 'presence_ms'>): number =>
  Math.min(probe_ms, presence_ms / LOOKS_PER_PRESENCE);

export const profileOf = (host: ServedHost, { config }: Pick<RoleDeps, 'config'>): HolderProfile => ({
  kind: 'host',
  id: host.id,
  capabilities: host.config.capabilities,
  slots: host.slots,
  version: null,
  product: null,
  presence_ms: Math.round(LOOKS_PER_PRESENCE * looksEvery(config)),
  probed: true,
});

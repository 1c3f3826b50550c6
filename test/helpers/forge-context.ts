/** The activities that talk to forges, on a forge in memory and the real engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import pino from 'pino';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { openClients } from '../../api/connections';
import { configSchema } from '../../contracts/config';
import { sourceSchema } from '../../contracts/forge';
import { createDirectory } from '../../dispatch/directory';
import { createReachability } from '../../dispatch/reachability';
import { createVisibilityBudget } from '../../dispatch/visibility-budget';
import type { ForgeContext } from '../../workers/forge/forge-context';
import { forgeActivities } from '../../workers/forge/forge-worker';
import type { TemporalAddress } from '../../workers/role';
import type { MemoryForge } from './memory-forge';

export const SOURCE = 'forge';
/** Users of Signalbox at the forge. */
export const BOT = 'signalbox';
export const REVIEWER = 'signalbox-review';

/** @param source what the config file says of the forge besides the needed */
export function openForgeContext(
  temporal: TemporalAddress,
  forge: MemoryForge,
  source: Record<string, unknown> = {},
) {
  const path = mkdtempSync(join(tmpdir(), 'signalbox-forge-'));
  const config = configSchema.parse({ public_url: 'http://signalbox.invalid/' });
  const clients = openClients(temporal, createReachability());
  const budget = createVisibilityBudget({ perSecond: 50 });
  const directory = createDirectory({ client: clients.client, budget, logger: pino({ level: 'silent' }) });
  const name = {
    kind: 'gitea',
    url: 'http://forge.invalid',
    token: { from_env: 'T' },
    webhook_secret: { from_env: 'S' },
  };
  const ctx: ForgeContext = {
    ...clients,
    directory,
    budget,
    config,
    blobs: new DirectoryBlobStore(join(path, 'blobs')),
    board: { put() {} },
    indexLag: { looks: 4, waitMs: 250 },
    sources: new Map([
      [
        SOURCE,
        {
          name: SOURCE,
          config: sourceSchema.parse({ ...name, ...source }),
          forge: forge.as(BOT),
          reviewer: forge.as(REVIEWER),
        },
      ],
    ]),
  };
  return {
    ctx,
    activities: forgeActivities(ctx),
    async close() {
      budget.close();
      directory.close();
      await clients.endRetries();
      await clients.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

const AGAIN_MS = 50;
const PATIENCE_MS = 30_000;

/** As the engine does it with what another try may do, other than what a forge refuses. */
export async function persistently<T>(run: () => Promise<T>): Promise<T> {
  const giveUp = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      const waits = error instanceof ApplicationFailure && error.type === 'wait';
      const unanswered = error instanceof Error && error.message.startsWith('no worker answered');
      if (!(waits || unanswered) || Date.now() > giveUp) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { configSchema } from '../../contracts/config';
import { readEnvironment } from '../../workers/config/environment';
import { type HostShares, startHostWorkers } from '../../workers/host';
import type { Role, RoleDeps, TemporalAddress } from '../../workers/role';

export interface TestHosts {
  /** Work and run directories are below it, so that another process can serve the same hosts. */
  root: string;
  start(options?: { shares?: HostShares; logger?: Logger }): Promise<Role>;
  remove(): void;
}

/** Hosts of this machine, in a directory of their own; `hosts` is a map from id to slots. */
export function testHosts(
  temporal: TemporalAddress,
  hosts: Record<string, number>,
  presence_ms = 60_000,
): TestHosts {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-hosts-'));
  const config = configSchema.parse({
    presence_ms,
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([id, slots]) => [
        id,
        {
          capabilities: ['agent:code'],
          slots,
          run_root: join(root, id, 'runs'),
          work_root: join(root, id, 'work'),
        },
      ]),
    ),
  });
  return {
    root,
    start: ({ shares, logger } = {}) =>
      startHostWorkers(
        {
          environment: readEnvironment(),
          config,
          stateDir: { path: root } as RoleDeps['stateDir'],
          temporal,
          logger: logger ?? pino({ level: 'silent' }),
          bundlePath: '',
        },
        shares,
      ),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

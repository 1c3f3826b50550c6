import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TemporalServer } from '../../workers/temporal/server';
import { startSharedServer, TEMPORAL_ADDRESS_VARIABLE } from './temporal-server';

declare global {
  var sharedTemporalServer: TemporalServer | undefined;
}

/** Once for all projects that run against Temporal: what is compiled is fresh, one server is up. */
export default async function globalSetup(): Promise<void> {
  execFileSync(process.execPath, [join(__dirname, '..', '..', 'cli', 'build.mjs')], { stdio: 'inherit' });
  const server = await startSharedServer();
  globalThis.sharedTemporalServer = server;
  process.env[TEMPORAL_ADDRESS_VARIABLE] = server.temporal.address;
}

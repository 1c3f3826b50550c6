import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemporalServer } from '../../workers/temporal/server';
import { startSharedServer, TEMPORAL_ADDRESS_VARIABLE } from './temporal-server';

declare global {
  var sharedTemporalServer: TemporalServer | undefined;
  var testDirectory: string | undefined;
}

/**
 * Once for all projects that run against Temporal: what is compiled is fresh, one server is up, and whatever tests
 * write below the temporary directory goes to one that the teardown removes.
 */
export default async function globalSetup(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'signalbox-tests-'));
  // Some tests log in as another user, who finds what is theirs below it.
  chmodSync(directory, 0o711);
  process.env.TMPDIR = directory;
  globalThis.testDirectory = directory;
  execFileSync(process.execPath, [join(__dirname, '..', '..', 'cli', 'build.mjs')], { stdio: 'inherit' });
  const server = await startSharedServer();
  globalThis.sharedTemporalServer = server;
  process.env[TEMPORAL_ADDRESS_VARIABLE] = server.temporal.address;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { readEnvironment } from '../../workers/config/environment';
import { resolveTemporalCli } from '../../workers/temporal/resolve-cli';
import { startTemporalServer, type TemporalServer } from '../../workers/temporal/server';

export const TEMPORAL_ADDRESS_VARIABLE = 'SIGNALBOX_TEST_TEMPORAL_ADDRESS';

/** The `temporal` command; says on standard error what it waits for when it must be built first. */
export const temporalCli = () => resolveTemporalCli(readEnvironment(), (message) => console.error(message));

/** The server that all test files of a run share; each file uses a namespace of its own. */
export async function startSharedServer(): Promise<TemporalServer> {
  const stateDir = mkdtempSync(join(tmpdir(), 'signalbox-temporal-'));
  const server = await startTemporalServer({
    binary: await temporalCli(),
    stateDir,
    namespace: 'default',
    ui: false,
    durable: false,
    logger: pino({ level: 'warn' }, pino.destination(2)),
  });
  const stop = server.stop.bind(server);
  server.stop = async () => {
    await stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return server;
}

/** `host:port` of the shared server. */
export function sharedAddress(): string {
  const address = process.env[TEMPORAL_ADDRESS_VARIABLE];
  if (address === undefined)
    throw new Error('no shared Temporal server: only the projects integration and replay have one');
  return address;
}

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Environment } from '../config/environment';
import type { StateDir } from '../config/state-dir';
import type { Role, TemporalAddress } from '../role';
import { embeddedNamespace, embeddedTemporal, externalTemporal } from './connect';
import { listens } from './listens';
import { reachTemporal } from './reach';
import { registerSearchAttributes } from './register-search-attributes';
import { resolveTemporalCli } from './resolve-cli';
import { startTemporalServer } from './server';

/** The Temporal server that the roles of a process use. */
export interface Engine extends Role {
  temporal: TemporalAddress;
}

export interface EngineOptions {
  environment: Environment;
  stateDir: StateDir;
  logger: Logger;
  /** Told what is being waited for. */
  say: (message: string) => void;
  signal?: AbortSignal;
}

const REACH_MS = 30_000;
const EMBEDDED_MS = 60_000;
const POLL_MS = 100;

/** The server that the environment names, else the embedded one, started here. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const external = externalTemporal(options.environment);
  if (external === null) return startEmbedded(options);
  await prepare(external, options);
  return {
    temporal: external,
    ready: Promise.resolve(),
    // Its owner keeps it running; the clients wait and reconnect meanwhile.
    failed: new Promise<never>(() => {}),
    stop: async () => {},
  };
}

/** The server that the environment names, else the embedded one of another process on this state directory. */
export async function joinEngine(options: EngineOptions): Promise<TemporalAddress> {
  const temporal = externalTemporal(options.environment) ?? (await awaitEmbedded(options));
  await prepare(temporal, options);
  return temporal;
}

export async function startEmbedded({
  environment,
  stateDir,
  logger,
  say,
  signal,
}: EngineOptions): Promise<Engine> {
  const binary = await resolveTemporalCli(environment, say, signal);
  return startTemporalServer({
    binary,
    stateDir: stateDir.path,
    namespace: embeddedNamespace(environment),
    ui: true,
    durable: true,
    logger,
  });
}

async function prepare(temporal: TemporalAddress, { signal }: EngineOptions): Promise<void> {
  const timeout = AbortSignal.timeout(REACH_MS);
  await reachTemporal(temporal, signal ? AbortSignal.any([signal, timeout]) : timeout);
  await registerSearchAttributes(temporal);
}

/** The other process may be starting at the same time, on another port than the last one. */
async function awaitEmbedded({ stateDir, say, signal }: EngineOptions): Promise<TemporalAddress> {
  const giveUp = Date.now() + EMBEDDED_MS;
  for (let said = false; ; said = true) {
    const temporal = embeddedTemporal(stateDir.path);
    if (temporal !== null && (await listens(temporal.address))) return temporal;
    if (Date.now() > giveUp) {
      throw new Error(
        `no Temporal server: set TEMPORAL_ADDRESS, or run \`signalbox temporal\` on the state directory ${stateDir.path}`,
      );
    }
    if (!said) say(`Waiting for \`signalbox temporal\` on ${stateDir.path}`);
    await pause(POLL_MS, undefined, { signal });
  }
}

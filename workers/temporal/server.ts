import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { acquireLock, type LockFile } from '../lock-file';
import { processIdentity } from '../process-identity';
import type { Role, TemporalAddress } from '../role';
import { freePort, isFree } from './free-port';
import { serverArgs } from './server-args';
import { logTail, rotateLog } from './server-log';
import { type ServerProcess, spawnServer } from './server-process';
import { awaitPreviousGone, readServerRecord, writeServerRecord } from './server-record';
import { raiseRetention, waitUntilServing } from './serving';

export interface TemporalServerOptions {
  /** The `temporal` command. */
  binary: string;
  /** Absolute path; holds database, log, ports and lock. */
  stateDir: string;
  namespace: string;
  ui: boolean;
  /** False gives up the last moments before a power failure; for tests. */
  durable: boolean;
  logger: Logger;
}

/** The embedded server: kept running, on one address, for as long as this process lives. */
export interface TemporalServer extends Role {
  temporal: TemporalAddress;
  /** Of the server process now running; 0 while there is none. */
  pid(): number;
}

const START_MS = 60_000;
const PREVIOUS_GONE_MS = 10_000;
const PORT_FREE_MS = 10_000;
const FIRST_TRIES = 3;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 10_000;
const RESTARTS_MAX = 10;

/**
 * Starts the embedded Temporal server and returns when it serves.
 * @throws LockHeldError when another process runs it on this state directory
 * @throws Error with the end of its log when it does not come up
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  const lock = acquireLock(options.stateDir, 'temporal');
  try {
    const supervisor = new Supervisor(options, lock);
    await supervisor.start();
    return supervisor;
  } catch (error) {
    lock.release();
    throw error;
  }
}

class Supervisor implements TemporalServer {
  readonly ready = Promise.resolve();
  readonly failed: Promise<never>;
  temporal: TemporalAddress = { address: '', connectionOptions: { address: '' }, namespace: '', uiUrl: null };

  private readonly logFile: string;
  private readonly stopping = new AbortController();
  private reportFailure: (error: Error) => void = () => {};
  private life: ServerProcess | null = null;
  private watching: Promise<void> = Promise.resolve();
  private port = 0;
  private uiPort: number | null = null;

  constructor(
    private readonly options: TemporalServerOptions,
    private readonly lock: LockFile,
  ) {
    this.logFile = join(options.stateDir, 'temporal.log');
    this.failed = new Promise<never>((_, reject) => {
      this.reportFailure = reject;
    });
    // Without a listener it is not an unhandled rejection: stop() may be all that a caller uses.
    this.failed.catch(() => {});
  }

  pid(): number {
    return this.life?.pid ?? 0;
  }

  async start(): Promise<void> {
    const record = readServerRecord(this.options.stateDir);
    if (record !== null) await awaitPreviousGone(record, PREVIOUS_GONE_MS);
    for (let attempt = 1; ; attempt++) {
      this.port = await keptOrFree(record?.port ?? null);
      this.uiPort = this.options.ui ? await keptOrFree(record?.ui_port ?? null) : null;
      try {
        await this.launch();
        break;
      } catch (error) {
        // Another program may have taken one of its ports in between.
        if (attempt === FIRST_TRIES) throw error;
        this.options.logger.warn(
          { reason: String(error) },
          'the Temporal server did not start; trying again',
        );
      }
    }
    const address = `127.0.0.1:${this.port}`;
    await raiseRetention({ address }, this.options.namespace);
    const uiUrl = this.uiPort === null ? null : `http://127.0.0.1:${this.uiPort}`;
    this.temporal = { address, connectionOptions: { address }, namespace: this.options.namespace, uiUrl };
    this.watching = this.keepRunning().catch((error: Error) => this.reportFailure(error));
  }

  async stop(): Promise<void> {
    const first = !this.stopping.signal.aborted;
    this.stopping.abort();
    await this.life?.stop();
    await this.watching;
    if (first) this.lock.release();
  }

  /** One life, from its start until it serves. */
  private async launch(): Promise<void> {
    rotateLog(this.logFile);
    const { binary, stateDir, namespace, durable } = this.options;
    const { port, uiPort } = this;
    const dbFile = join(stateDir, 'temporal.db');
    const life = await spawnServer(
      binary,
      serverArgs({ dbFile, namespace, port, uiPort, durable }),
      this.logFile,
    );
    this.life = life;
    writeServerRecord(stateDir, {
      port,
      ui_port: uiPort,
      namespace,
      pid: life.pid,
      guard_pid: life.guardPid,
      guard_identity: processIdentity(life.guardPid),
    });
    const dead = new AbortController();
    const ended = life.exited.then((how) => {
      dead.abort();
      this.life = null;
      return how;
    });
    try {
      const signal = AbortSignal.any([dead.signal, this.stopping.signal, AbortSignal.timeout(START_MS)]);
      await waitUntilServing({ address: `127.0.0.1:${port}` }, namespace, signal);
    } catch (error) {
      await life.stop();
      throw new Error(
        `the Temporal server did not come up (${await ended}; ${error}). ${logTail(this.logFile)}`,
      );
    }
  }

  /** Restarts it on the same port with the same database whenever it dies. */
  private async keepRunning(): Promise<void> {
    const { logger } = this.options;
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      const how = await this.life?.exited;
      if (this.stopping.signal.aborted) return;
      logger.warn({ how, failures }, 'the Temporal server died; restarting it on the same port and data');
      if (failures > 0) await this.pause(Math.min(BACKOFF_MIN_MS * 2 ** failures, BACKOFF_MAX_MS));
      try {
        await this.untilPortsFree();
        await this.launch();
        failures = 0;
        logger.info({ server_pid: this.pid() }, 'the Temporal server serves again');
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        failures += 1;
        if (failures === RESTARTS_MAX) throw error;
        logger.error({ reason: String(error), failures }, 'the Temporal server could not be restarted');
      }
    }
  }

  private async untilPortsFree(): Promise<void> {
    const giveUp = Date.now() + PORT_FREE_MS;
    for (const port of [this.port, this.uiPort]) {
      while (port !== null && !(await isFree(port)) && Date.now() < giveUp) await this.pause(BACKOFF_MIN_MS);
    }
  }

  private async pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.stopping.signal }).catch(() => {});
  }
}

/** The port used last time, so that clients that were connected find it again; else any free one. */
async function keptOrFree(kept: number | null): Promise<number> {
  return kept !== null && (await isFree(kept)) ? kept : freePort();
}

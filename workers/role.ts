/**
 * What every role of Signalbox is given, and what it gives back.
 *
 * role   a part that may run alone in a process or beside the others: api, control, host
 * deps   everything a role needs from outside; read once at start, so that no role reads process.env
 */
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../contracts/config';
import type { Environment } from './config/environment';
import type { StateDir } from './config/state-dir';

export interface Role {
  /** Resolves when the role serves; rejects when it cannot start. */
  ready: Promise<void>;
  /** Stops cleanly: nothing new is admitted, what runs is drained. Safe to call twice. */
  stop(): Promise<void>;
  /** Never resolves; rejects with the reason when the role dies by itself after it was ready. */
  failed: Promise<never>;
}

export interface TemporalAddress {
  /** `host:port` of the frontend. */
  address: string;
  /** Fits both `Connection.connect` and `NativeConnection.connect`; holds `address` too. */
  connectionOptions: TemporalConnectionOptions;
  namespace: string;
  /** Where the web UI is, when it is known. */
  uiUrl: string | null;
}

export type TemporalConnectionOptions = Pick<NativeConnectionOptions, 'tls' | 'metadata' | 'apiKey'> & {
  address: string;
};

export interface RoleDeps {
  environment: Environment;
  config: Config;
  stateDir: StateDir;
  temporal: TemporalAddress;
  logger: Logger;
  /** The workflow bundle (JavaScript), as an absolute path. */
  bundlePath: string;
}

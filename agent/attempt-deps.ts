import type { Host } from '../activities/ssh/host';
import type { Random } from './backoff';
import type { RunTimes } from './local-run';
import type { AgentLogger } from './logger';
import type { Outbox } from './outbox';
import type { TaskApi } from './task-api';

/** What every attempt of one agent shares. Times in milliseconds. */
export interface AttemptDeps {
  host: Host;
  api: TaskApi;
  outbox: Outbox;
  /** Absolute path. */
  quarantineFolder: string;
  /** Of the work directories; absolute path. */
  workFolder: string;
  /** Where the outputs of runs are. */
  outputFolder: string;
  times: RunTimes;
  checkpoint_every_ms: number;
  log_every_ms: number;
  logger: AgentLogger;
  random: Random;
  onDirective(directive: string): void;
}

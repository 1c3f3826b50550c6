import type { BlobStore } from '../../contracts/blobs';
import type { HostConfig } from '../../contracts/config';
import type { PromptConfig } from '../../contracts/prompt';
import type { Template } from '../../contracts/template';
import type { ValueSource } from '../agent-cli/run-environment';
import { runName } from '../workspace/work-name';
import { hostFailure, transportFailure } from './failures';
import { sh } from './sh';
import { type ExecOptions, type ExecResult, OutputLimitError, type Transport } from './transport';

const HEARTBEAT_MS = 3_000;

/** Between two heartbeats, in milliseconds: three within the time after which an activity is given up. */
export const heartbeatEvery = (deps: HostDeps, timeout_ms: number | undefined): number =>
  Math.min(deps.heartbeat_ms ?? HEARTBEAT_MS, (timeout_ms ?? Number.POSITIVE_INFINITY) / 3);

export interface HostLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface HostDeps {
  hostId: string;
  /** `run_root` and `work_root` may begin with `~/`: the home directory on the host. */
  host: Pick<HostConfig, 'run_root' | 'work_root' | 'env'> & { slots: number };
  /** From the config file; `shell` is built in. */
  templates: Record<string, Template>;
  default_template: string;
  /** What the config file says of prompts. */
  prompts: PromptConfig;
  /** Of the values that `env` only names; without it nothing is found. */
  values?: ValueSource;
  transport: Transport;
  blobs: BlobStore;
  logger: HostLogger;
  /** Between two looks at a run, in milliseconds. */
  poll_ms?: number;
  /** Between two heartbeats of followRun at most, in milliseconds. */
  heartbeat_ms?: number;
  /** How long a claimed start may take to show its process, in milliseconds; then it is made void. */
  start_ms?: number;
  /**
   * Does the engine answer? Asked about once per heartbeat. A follower that has lost the engine must not keep a run
   * alive that was given to someone else: it stops touching the run until the engine answers again.
   * Without it the follower believes that it does.
   */
  engineAnswers?: () => Promise<boolean>;
}

export interface HostPaths {
  run_root: string;
  work_root: string;
}

/** A host as the activities see it. */
export class Host {
  private paths: Promise<HostPaths> | null = null;

  constructor(readonly deps: HostDeps) {}

  /** Absolute paths on the host, asked for once. */
  async resolve(options: ExecOptions = {}): Promise<HostPaths> {
    this.paths ??= this.askHome(options);
    try {
      return await this.paths;
    } catch (error) {
      this.paths = null;
      throw error;
    }
  }

  async runDirectory(attemptId: string): Promise<HostPaths & { name: string; run: string }> {
    if (!ATTEMPT_ID.test(attemptId)) {
      throw hostFailure(
        'attempt_id_invalid',
        `attempt id ${JSON.stringify(attemptId.slice(0, 100))}: expected ${ATTEMPT_ID}`,
      );
    }
    const paths = await this.resolve();
    const name = runName(attemptId);
    return { ...paths, name, run: `${paths.run_root}/${name}` };
  }

  /**
   * Runs a script. Throws `host_unreachable` when it failed, `connection_lost` when its end was not seen, the
   * failures of `HostConnectError` when it never began, and the abort reason.
   */
  async run(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    let result: ExecResult;
    try {
      result = await this.deps.transport.exec(script, options);
    } catch (error) {
      if (options.signal?.aborted || error instanceof OutputLimitError) throw error;
      throw transportFailure(this.deps.hostId, error);
    }
    if (result.code === 0) return result;
    const why = result.stderr.toString().trim().slice(-500);
    throw hostFailure(
      'host_unreachable',
      `host ${this.deps.hostId}: a script ended with ${result.code ?? result.signal}: ${why}`,
    );
  }

  private async askHome(options: ExecOptions): Promise<HostPaths> {
    const home = (await this.run(HOME_SH, options)).stdout.toString();
    const absolute = (path: string) =>
      path.startsWith('/') ? path : `${home}/${path.replace(/^(~|\$HOME)\//, '')}`;
    return {
      run_root: absolute(this.deps.host.run_root ?? '.signalbox/runs'),
      work_root: absolute(this.deps.host.work_root ?? '.signalbox/work'),
    };
  }
}

/** What the mark in an agent's environment may hold, so that every tool on the way leaves it as it is. */
const ATTEMPT_ID = /^[A-Za-z0-9][A-Za-z0-9._:#@/+-]{0,399}$/;

const HOME_SH = sh`printf %s "\${HOME%/}"`;

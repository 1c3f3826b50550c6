/** An agent that pulls tasks over HTTP and runs them here; what `signalbox agent` is made of. */
import { randomBytes } from 'node:crypto';
import { DirectoryBlobStore } from '../activities/blobs/directory-store';
import { cleanRuns } from '../activities/ssh/clean-runs';
import { Host } from '../activities/ssh/host';
import { hostEnvironment } from '../activities/ssh/host-environment';
import { LocalTransport } from '../activities/ssh/local-transport';
import { acquireLock, type LockFile } from '../workers/lock-file';
import { Attempt } from './attempt';
import type { AttemptDeps } from './attempt-deps';
import { type AttemptRecord, newRecord } from './attempt-record';
import { createHttp } from './http-client';
import { type AgentOptions, type Settings, settingsOf } from './options';
import { Outbox } from './outbox';
import { poll } from './poller';
import { type PresenceDeps, register, stayPresent } from './presence';
import { rest } from './rest';
import { stateFolders } from './state-folders';
import { TaskApi } from './task-api';
import type { Grant } from './wire';

export type { AgentLogger } from './logger';
export type { AgentOptions } from './options';

const KEEP_RUNS_MS = 7 * 24 * 3_600_000;
const CLEAN_EVERY_MS = 3_600_000;
/** While attempts are not certain to be ours, it is looked this often whether they are, in milliseconds. */
const LOOK_MS = 250;

export class SignalboxAgent {
  /** Resolves when it has drained or stopped; rejects with `AgentRefusedError` and with what broke. */
  readonly ended: Promise<void>;
  readonly agentId: string;
  private readonly settings: Settings;
  private readonly attempts = new Set<Attempt>();
  private readonly draining = new AbortController();
  private readonly deps: AttemptDeps;
  private readonly transport: LocalTransport;
  private readonly presence: PresenceDeps;
  private lock: LockFile | null = null;
  private quiet = false;
  private end: { resolve(): void; reject(error: unknown): void } = { resolve() {}, reject() {} };

  /** @throws TemplateError; Error that says which option is wrong */
  constructor(options: AgentOptions) {
    this.settings = settingsOf(options);
    const { url, token, agentId, stateDir, logger, slots, capabilities, version } = this.settings;
    this.agentId = agentId;
    const folders = stateFolders(stateDir);
    const api = new TaskApi(createHttp(url), token, agentId);
    const onDirective = (directive: string) => this.obey(directive);
    this.transport = new LocalTransport({ env: hostEnvironment(this.settings.environment) });
    this.deps = {
      host: new Host({
        hostId: agentId,
        host: { run_root: folders.runs, work_root: folders.work, slots },
        templates: this.settings.templates,
        default_template: this.settings.defaultTemplate,
        prompts: this.settings.prompts,
        values: this.settings.values,
        transport: this.transport,
        blobs: new DirectoryBlobStore(folders.output),
        logger,
      }),
      api,
      outbox: new Outbox(folders.outbox),
      quarantineFolder: folders.quarantine,
      workFolder: folders.work,
      outputFolder: folders.output,
      times: this.settings,
      checkpoint_every_ms: this.settings.checkpoint_every_ms,
      log_every_ms: this.settings.log_every_ms,
      logger,
      random: Math.random,
      onDirective,
    };
    const registration = { capabilities, slots, ...(version !== null && { version }) };
    const load = () => Math.min(1, this.attempts.size / slots);
    this.presence = { api, registration, logger, random: Math.random, load, onDirective };
    this.ended = new Promise((resolve, reject) => {
      this.end = { resolve, reject };
    });
    // Whoever started it looks at it later.
    this.ended.catch(() => undefined);
  }

  /**
   * Goes on with the attempts that an earlier process has left, registers, and takes work from then on. Resolves
   * once it is registered, or told to drain. @throws LockHeldError while another agent has the state directory;
   * AgentRefusedError
   */
  async start(): Promise<void> {
    const { stateDir, logger } = this.settings;
    try {
      this.lock = acquireLock(stateDir, 'agent');
      const unreadable = (file: string) =>
        logger.error({ file }, 'an attempt cannot be read and is left out');
      for (const record of this.deps.outbox.load(unreadable)) this.go(record);
      await register(this.presence, this.draining.signal);
    } catch (error) {
      logger.error({ error: String(error) }, 'the agent cannot start; what it has is finished first');
      this.drain();
      await this.finish().catch(() => undefined);
      this.end.reject(error);
      throw error;
    }
    this.run().then(this.end.resolve, this.end.reject);
    void this.cleanNowAndThen();
  }

  /** Takes no more, and ends when what it has is reported. */
  drain(): void {
    this.draining.abort();
  }

  /** Stops its runs and gives their tasks back, then ends. What cannot be told the server now is told next time. */
  stop(): void {
    this.draining.abort();
    for (const attempt of this.attempts) attempt.stopNow();
  }

  /** How many attempts it has. */
  get busy(): number {
    return this.attempts.size;
  }

  private async run(): Promise<void> {
    const { api, logger, random } = this.deps;
    const { signal } = this.draining;
    const { capabilities, wait_ms, lease_s } = this.settings;
    const work = poll(
      {
        api,
        capabilities,
        wait_ms,
        lease_s,
        logger,
        random,
        room: (until) => this.room(until),
        onGrant: (grant) => this.take(grant),
        onDirective: (directive) => this.obey(directive),
      },
      signal,
    );
    try {
      await Promise.all([work, stayPresent(this.presence, signal)]);
    } finally {
      this.draining.abort();
      await this.finish();
    }
  }

  private async cleanNowAndThen(): Promise<void> {
    const { host, logger } = this.deps;
    const { signal } = this.draining;
    const isAwaited = async (task_id: string, epoch: number) =>
      [...this.attempts].some(({ record }) => record.task.id === task_id && record.lease.epoch === epoch);
    while (!signal.aborted) {
      await cleanRuns(host, { keep_ms: KEEP_RUNS_MS, isAwaited, signal }).catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ error: String(error) }, 'old runs could not be removed');
      });
      await rest(CLEAN_EVERY_MS, signal);
    }
  }

  private async finish(): Promise<void> {
    while (this.attempts.size > 0) await Promise.all([...this.attempts].map(({ done }) => done));
    await this.transport.close();
    this.lock?.release();
  }

  /** Not while it is unknown whose the attempts are: it might be given what it has, and so fence itself. */
  private async room(signal: AbortSignal): Promise<void> {
    for (;;) {
      const all = [...this.attempts];
      if (signal.aborted) return;
      if (all.length >= this.settings.slots) {
        await Promise.race([...all.map(({ done }) => done), rest(LOOK_MS * 4, signal)]);
      } else if (this.quiet || !all.every(({ keeper }) => keeper.good)) await rest(LOOK_MS, signal);
      else return;
    }
  }

  private async take(grant: Grant): Promise<void> {
    const { task, lease } = grant;
    const { outbox, logger } = this.deps;
    const known = [...this.attempts].some(
      ({ record }) => record.task.id === task.id && record.lease.epoch === lease.epoch,
    );
    if (known) return;
    const attempt_id = `${task.id}@${lease.epoch}-${randomBytes(6).toString('hex')}`;
    const record = newRecord(grant, { seq: outbox.nextSeq(), attempt_id });
    await outbox.save(record);
    logger.info({ task_id: task.id, epoch: lease.epoch }, 'a task was taken');
    this.go(record);
  }

  private go(record: AttemptRecord): void {
    const others = [...this.attempts].filter((other) => other.record.task.id === record.task.id);
    // A later grant of the same task: the server tells the earlier attempt that it is over.
    for (const { keeper } of others) keeper.hurry();
    const attempt = new Attempt(record, this.deps, Promise.all(others.map(({ done }) => done)));
    this.attempts.add(attempt);
    void attempt.done.then(() => this.attempts.delete(attempt));
  }

  private obey(directive: string): void {
    const quiet = directive === 'quiet' || directive === 'terminate';
    if (quiet !== this.quiet)
      this.settings.logger.warn({ directive }, quiet ? 'taking no more tasks' : 'taking tasks again');
    this.quiet = quiet;
    // Of the agent as a whole: each lease tells for itself whether its attempt is to stop.
    if (directive === 'terminate') for (const { keeper } of this.attempts) keeper.hurry();
  }
}

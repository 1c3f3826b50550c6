import { outputRef } from '../activities/ssh/output-copy';
import { collectWork } from '../activities/workspace/collect';
import type { AttemptDeps } from './attempt-deps';
import type { AttemptRecord, RunResult } from './attempt-record';
import { backoffPause } from './backoff';
import { keepCheckpoints } from './checkpointer';
import { Delivery } from './delivery';
import { LeaseKeeper } from './lease-keeper';
import { followLocal, killLocal, runRequest, StartFailure, startLocal } from './local-run';
import { LogStream } from './log-stream';
import { rest } from './rest';
import type { LeaseApi } from './task-api';

/** After something on this machine went wrong, in milliseconds. */
const PAUSES = { first_ms: 1_000, most_ms: 60_000 };

/**
 * One attempt, from its grant, or from what an earlier process of this agent has left of it, to the server's last
 * word. Every step is on disk before the next is taken, so it may be broken off anywhere and gone on with.
 */
export class Attempt {
  readonly keeper: LeaseKeeper;
  /** Never rejects. */
  readonly done: Promise<void>;
  private readonly lease: LeaseApi;
  private readonly logs: LogStream;
  private readonly halt = new AbortController();

  constructor(
    readonly record: AttemptRecord,
    private readonly deps: AttemptDeps,
    /** Whatever else of the same task has to be over first. */
    before: Promise<unknown>,
  ) {
    const { logger, random, onDirective } = deps;
    this.lease = deps.api.lease(record.task.id, record.lease);
    this.keeper = new LeaseKeeper(this.lease, {
      renew_every_s: record.lease.renew_every_s,
      checkpoint: record.checkpoint,
      logger: this.deps.logger,
      random,
      onDirective,
    });
    this.logs = new LogStream(
      this.lease,
      { blobs: deps.host.deps.blobs, ref: outputRef(record.attempt_id) },
      { every_ms: deps.log_every_ms, logger, random, onOver: () => this.keeper.hurry() },
    );
    this.done = this.live(before);
  }

  /** Stops the run and gives the task back, with a checkpoint where the lease allows one. */
  stopNow(): void {
    this.halt.abort();
  }

  private get said() {
    return { task_id: this.record.task.id, epoch: this.record.lease.epoch };
  }

  private async live(before: Promise<unknown>): Promise<void> {
    const { logger, random } = this.deps;
    this.keeper.start();
    await before;
    for (let failures = 1; ; failures++) {
      try {
        await this.goOn();
        break;
      } catch (error) {
        // Such as a disk that is full. What was reached is known, so it is gone on with from there.
        logger.error({ ...this.said, err: error }, 'the attempt could not go on; trying again');
        await rest(backoffPause(failures, PAUSES, random), this.halt.signal);
        if (this.halt.signal.aborted) break;
      }
    }
    await this.keeper.stop();
  }

  private async goOn(): Promise<void> {
    const { record, deps, keeper, lease, logs } = this;
    if (record.result === null && !record.release && keeper.fence === null) await this.work();
    await new Delivery({ record, deps, keeper, lease, logs, halt: this.halt.signal }).settle();
  }

  private async work(): Promise<void> {
    const { record, keeper } = this;
    const { outbox, logger } = this.deps;
    if (record.starting_at === null) {
      // Not before the first renewal: a grant whose answer came late may be somebody else's by now.
      const answer = await keeper.granted(this.halt.signal);
      if (answer === 'stopped') record.release = true;
      if (answer !== null) return;
      record.starting_at = new Date().toISOString();
      await outbox.save(record);
    } else {
      logger.info(this.said, 'going on with an attempt of before');
    }
    const limit = new AbortController();
    const passed_ms = Date.now() - Date.parse(record.starting_at);
    const timer = setTimeout(() => limit.abort(), Math.max(0, record.task.run_timeout_ms - passed_ms));
    const scope = AbortSignal.any([this.halt.signal, keeper.fenced, limit.signal]);
    try {
      record.result = await this.runToEnd(scope);
    } catch (error) {
      if (scope.aborted) await this.breakOff(limit.signal.aborted);
      else if (error instanceof StartFailure) record.result = failedWith(error.code, error.message);
      else throw error;
    } finally {
      clearTimeout(timer);
    }
    if (record.result !== null) await outbox.save(record);
  }

  private async runToEnd(scope: AbortSignal): Promise<RunResult> {
    const { record, deps } = this;
    const { host, outbox } = deps;
    const request = runRequest(record, deps.times);
    record.started ??= await startLocal(host, request, scope);
    await outbox.save(record);
    const { started } = record;
    const aside = new AbortController();
    const company = AbortSignal.any([aside.signal, scope]);
    const beside = [
      this.logs.run(company),
      keepCheckpoints({ record, deps, keeper: this.keeper, work_dir: started.work_dir }, company),
    ];
    try {
      const { end, parsed } = await followLocal(host, { request, started }, scope);
      const work = { work_dir: started.work_dir, branch: record.task.branch_name, push: false };
      const seen =
        record.task.repository !== null && end.reason === 'exit'
          ? await collectWork(host.deps.transport, work, scope)
          : null;
      deps.logger.info({ ...this.said, exit_code: end.exit_code, reason: end.reason }, 'the run has ended');
      return { end, parsed, artifacts: seen?.artifacts ?? {}, failure: null };
    } finally {
      aside.abort();
      await Promise.all(beside);
    }
  }

  /** What was decided is written down before it is done, so that it is done even after a crash. */
  private async breakOff(late: boolean): Promise<void> {
    const { record, deps, keeper } = this;
    if (keeper.fence === null && this.halt.signal.aborted) {
      record.release = true;
      await deps.outbox.save(record);
    }
    await killLocal(deps.host, runRequest(record, deps.times));
    if (keeper.fence === null && !record.release && late) {
      record.result = failedWith('run_timeout', `the run took longer than ${record.task.run_timeout_ms} ms`);
    }
  }
}

const failedWith = (code: string, message: string): RunResult => ({
  end: { exit_code: null, reason: 'killed', duration_ms: 0, ended_at_ms: null, utc_offset: null },
  parsed: null,
  artifacts: {},
  failure: { code, message },
});

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { dropCheckpoints } from '../activities/workspace/checkpoint';
import { collectWork } from '../activities/workspace/collect';
import { workName } from '../activities/workspace/work-name';
import type { Receipt } from '../contracts/receipt';
import type { AttemptDeps } from './attempt-deps';
import type { AttemptRecord } from './attempt-record';
import { backoffPause } from './backoff';
import { checkpointNow } from './checkpointer';
import type { Answer } from './http-client';
import type { LeaseKeeper } from './lease-keeper';
import { killLocal, runRequest } from './local-run';
import type { LogStream } from './log-stream';
import { type Quarantined, quarantine } from './quarantine';
import { rest } from './rest';
import { receiptOf, unpushed } from './result-receipt';
import { removeOutput } from './run-output';
import type { LeaseApi } from './task-api';
import { untilAnswered } from './until-answered';
import { type Fence, fenceOf, sayAnswer, verdictOf } from './verdict';
import { quarantinedSchema } from './wire';

/** Of the last calls of an agent that was told to stop now, in milliseconds. */
const STOP_MS = 15_000;
const PUSH_TRIES = 3;
/** How often it asks what became of a receipt that is durable; with the pauses between, for about half a minute. */
const ASKS = 6;
const PAUSES = { first_ms: 500, most_ms: 30_000 };

export interface DeliveryDeps {
  record: AttemptRecord;
  deps: AttemptDeps;
  keeper: LeaseKeeper;
  lease: LeaseApi;
  logs: LogStream;
  /** Aborted when the agent is to stop now. */
  halt: AbortSignal;
}

/** Brings what became of an attempt to the server, for as long as that takes, and does what it answers. */
export class Delivery {
  /** The agent has not committed all that it did: that is only in its checkpoint. */
  private leftover = false;

  constructor(private readonly d: DeliveryDeps) {}

  /** When it returns and the record is still in the outbox, the agent was told to stop before. */
  settle(): Promise<void> {
    const { record } = this.d;
    if (record.release) return this.giveBack();
    return record.result === null ? this.fencedAbort() : this.report();
  }

  private get said() {
    return { task_id: this.d.record.task.id, epoch: this.d.record.lease.epoch };
  }

  private async fencedAbort(): Promise<void> {
    const { record, deps, keeper } = this.d;
    const { fence } = keeper;
    if (fence === null) return;
    if (record.starting_at !== null) await killLocal(deps.host, runRequest(record, deps.times));
    await this.keepHere({ kind: 'fenced_abort', why: fence, quarantine_id: null, receipt: null });
  }

  private async report(): Promise<void> {
    const { record, deps, keeper, lease, halt } = this.d;
    if (record.report === null) {
      const answer = await keeper.confirm(halt);
      if (answer === 'stopped') return;
      if (answer === null && !(await this.publish())) return;
      // Only now, and only once: a repeat has to say the same.
      const kept = keeper.fence !== null && record.task.repository !== null && !record.pushed;
      const receipt = kept ? unpushed(this.receipt(), deps.api.agentId) : this.receipt();
      record.report = { completion_id: randomUUID(), receipt };
      await deps.outbox.save(record);
      if (keeper.fence === null) await this.d.logs.flush(AbortSignal.any([halt, keeper.fenced]));
    }
    const { receipt, completion_id } = record.report;
    // Durable, and no more than that. A busy worker says soon what became of it; a lease that is over by now may be
    // over by this very receipt, or before it.
    let asks = ASKS;
    const open = ({ status }: Answer) => status === 202 && (keeper.fence !== null || asks-- > 0);
    const answer = await this.untilAnswered(() => lease.complete(receipt, completion_id), halt, open);
    if (answer === null) return;
    await this.afterReport(answer, receipt);
  }

  private async afterReport(answer: Answer, receipt: Receipt): Promise<void> {
    const { deps } = this.d;
    const verdict = verdictOf(answer);
    if (verdict === 'done') {
      deps.logger.info(
        { ...this.said, status: receipt.status, answer: answer.status },
        'the receipt was taken',
      );
      // Durable is not accepted yet: somebody may still go on from the checkpoint.
      return this.forget(answer.status === 200 && receipt.status === 'completed' && !this.leftover);
    }
    const told = quarantinedSchema.safeParse(answer.body);
    const quarantine_id = (told.success && told.data.quarantine_id) || null;
    const why = this.d.keeper.fence ?? fenceOf(answer);
    const kind = verdict === 'refused' ? 'refused_receipt' : 'late_receipt';
    await this.keepHere({ kind, why, quarantine_id, receipt });
  }

  /** Pushes while the lease is good, and breaks off when it is not. False when the agent was told to stop. */
  private async publish(): Promise<boolean> {
    const { record, deps, keeper, halt } = this.d;
    const { started, task } = record;
    if (started === null || task.repository === null) return true;
    const scope = AbortSignal.any([halt, keeper.fenced]);
    const place = { record, deps, keeper, work_dir: started.work_dir };
    try {
      const completed = this.receipt().status === 'completed';
      if (completed && !record.pushed) await this.push(scope, started.work_dir);
      const dirty = await checkpointNow(place, scope, { ifDirty: completed });
      this.leftover = completed && dirty;
      const session_id = record.result?.parsed?.session_id ?? null;
      if (session_id !== null) keeper.setCheckpoint({ ...record.checkpoint, session_id });
      // The next attempt goes on from there, so it has to be known before this one is over.
      if (dirty || !completed) await keeper.confirm(halt);
    } catch (error) {
      if (!scope.aborted) throw error;
    }
    return !halt.aborted;
  }

  private async push(scope: AbortSignal, work_dir: string): Promise<void> {
    const { record, deps } = this.d;
    const work = { work_dir, branch: record.task.branch_name };
    for (let tries = 1; ; tries++) {
      const { push_error } = await collectWork(deps.host.deps.transport, work, scope);
      record.pushed = push_error === null;
      record.push_error = push_error;
      if (record.pushed || tries === PUSH_TRIES) return deps.outbox.save(record);
      deps.logger.warn({ ...this.said, error: push_error }, 'the branch could not be pushed');
      await rest(backoffPause(tries, PAUSES, deps.random), scope);
      scope.throwIfAborted();
    }
  }

  private receipt(): Receipt {
    return receiptOf(this.d.record);
  }

  private async giveBack(): Promise<void> {
    const { record, deps, keeper, lease, halt } = this.d;
    if (record.starting_at !== null) await killLocal(deps.host, runRequest(record, deps.times));
    const patience = halt.aborted ? AbortSignal.timeout(STOP_MS) : halt;
    const answer = await keeper.confirm(patience);
    if (answer === 'stopped') return;
    if (answer !== null) return this.fencedAbort();
    const { started, task } = record;
    if (started !== null && task.repository !== null) {
      const place = { record, deps, keeper, work_dir: started.work_dir };
      const scope = AbortSignal.any([patience, keeper.fenced]);
      await checkpointNow(place, scope).catch(() => undefined);
    }
    // A task that is given back under a later epoch is another message.
    const id = `given-back-${record.lease.epoch}`;
    const released = await this.untilAnswered(() => lease.release(record.checkpoint, id), patience);
    if (released === null) return;
    if (verdictOf(released) === 'over') {
      const why = fenceOf(released);
      return this.keepHere({ kind: 'fenced_abort', why, quarantine_id: null, receipt: null });
    }
    deps.logger.info({ ...this.said, answer: sayAnswer(released) }, 'the task was given back');
    await deps.outbox.remove(record);
  }

  private untilAnswered(
    send: () => Promise<Answer>,
    signal: AbortSignal,
    open?: (answer: Answer) => boolean,
  ): Promise<Answer | null> {
    const { logger, random } = this.d.deps;
    return untilAnswered(send, { pauses: PAUSES, random, signal, ...(open && { open }) }, (why) =>
      logger.warn({ ...this.said, why }, 'not taken yet; sending it again'),
    );
  }

  private async keepHere(found: {
    kind: Quarantined['kind'];
    why: Fence;
    quarantine_id: string | null;
    receipt: Receipt | null;
  }): Promise<void> {
    const { record, deps } = this.d;
    // Nothing was begun, so there is nothing to keep.
    if (record.starting_at !== null) {
      const { work } = await quarantine(
        { folder: deps.quarantineFolder, work_dir: join(deps.workFolder, workName(record.task.id)) },
        record,
        found,
      );
      const { kind, why, quarantine_id } = found;
      deps.logger.error({ ...this.said, kind, why, quarantine_id, work }, SAID[kind]);
    } else {
      deps.logger.warn({ ...this.said, why: found.why }, 'the task is not ours any more; it was not begun');
    }
    await deps.outbox.remove(record);
  }

  private async forget(dropCheckpoint: boolean): Promise<void> {
    const { record, deps, halt } = this.d;
    const { started, task, checkpoint } = record;
    if (started !== null && dropCheckpoint) {
      const made = [task.checkpoint?.branch, checkpoint?.branch].filter((branch) => branch !== undefined);
      await dropCheckpoints(deps.host.deps.transport, started.work_dir, made, halt).catch(() => undefined);
    }
    await removeOutput(deps.outputFolder, record.attempt_id);
    await deps.outbox.remove(record);
  }
}

const SAID = {
  fenced_abort: 'fenced abort: the attempt was taken away and stopped; its work is kept in quarantine',
  late_receipt: 'the receipt came too late; the work was not pushed and is kept in quarantine',
  refused_receipt: 'the server refuses the receipt; it and the work are kept in quarantine',
} as const;

import type { Checkpoint } from '../contracts/receipt';
import { type Backoff, backoffPause, type Random } from './backoff';
import { type Answer, UnreachableError } from './http-client';
import type { AgentLogger } from './logger';
import { rest } from './rest';
import { startStopwatch } from './stopwatch';
import type { LeaseApi } from './task-api';
import { type Fence, fenceOf, sayAnswer, verdictOf } from './verdict';
import { RENEWALS_PER_LEASE, renewalSchema } from './wire';

export interface KeeperOptions {
  renew_every_s: number;
  /** Of an earlier process; goes with every renewal. */
  checkpoint: Checkpoint | null;
  logger: AgentLogger;
  random: Random;
  /** `quiet` and whatever else concerns the agent as a whole. */
  onDirective(directive: string): void;
}

const FIRST_RETRY_MS = 500;
/** An answer that takes longer is asked for again. */
const ANSWER_MOST_MS = 10_000;
const ANSWER_LEAST_MS = 1_000;

/**
 * Renews one lease until it is told to stop or the server says that the lease is over, which nothing else does: an
 * API that cannot be reached leaves it open whose the task is, and is asked again for as long as it takes.
 */
export class LeaseKeeper {
  private renewedAgo: (() => number) | null = null;
  private renewEvery_ms: number;
  private readonly over = new AbortController();
  private readonly stopped = new AbortController();
  private nudge = new AbortController();
  private asked = 0;
  private readonly waiting = new Set<{ after: number; settle: (fence: Fence | null) => void }>();
  private loop: Promise<void> | null = null;

  constructor(
    private readonly api: LeaseApi,
    private readonly options: KeeperOptions,
  ) {
    this.renewEvery_ms = options.renew_every_s * 1_000;
  }

  start(): void {
    this.loop ??= this.renewOnAndOn();
  }

  /** Renews no more; the lease runs out by itself. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.loop;
  }

  /** Aborted once the attempt is no longer ours; its reason is a `Fence`. */
  get fenced(): AbortSignal {
    return this.over.signal;
  }

  get fence(): Fence | null {
    return this.over.signal.aborted ? (this.over.signal.reason as Fence) : null;
  }

  /** Ours for certain: counted from when the last renewal was *sent*. */
  get good(): boolean {
    return this.fence === null && this.renewedAgo !== null && this.renewedAgo() < this.length_ms;
  }

  private get length_ms(): number {
    return this.renewEvery_ms * RENEWALS_PER_LEASE;
  }

  /** Goes with this and every later renewal. */
  setCheckpoint(checkpoint: Checkpoint): void {
    this.options.checkpoint = checkpoint;
  }

  /** Renews now, unless it is waiting for a server that is away. */
  hurry(): void {
    this.nudge.abort();
  }

  /**
   * null once a renewal that was sent after this call has been granted, a fence when it was refused, `stopped` when
   * the signal or the keeper stopped before. It waits for as long as it takes.
   */
  confirm(signal: AbortSignal): Promise<Fence | null | 'stopped'> {
    this.hurry();
    return this.renewal(this.asked, signal);
  }

  /** The same for a renewal that is under way, or was granted and is still good. */
  async granted(signal: AbortSignal): Promise<Fence | null | 'stopped'> {
    return this.good ? null : this.renewal(this.asked - 1, signal);
  }

  private async renewal(after: number, signal: AbortSignal): Promise<Fence | null | 'stopped'> {
    if (this.fence !== null) return this.fence;
    const answered = new Promise<Fence | null>((settle) => {
      this.waiting.add({ after, settle });
    });
    const stopped = aborted(signal, this.stopped.signal);
    try {
      return await Promise.race([answered, stopped.promise]);
    } finally {
      stopped.dispose();
    }
  }

  private async renewOnAndOn(): Promise<void> {
    let failures = 0;
    while (!this.stopped.signal.aborted && this.fence === null) {
      this.nudge = new AbortController();
      this.asked += 1;
      const number = this.asked;
      const sinceSent = startStopwatch();
      const answer = await this.ask();
      if (this.take(answer, sinceSent, number)) {
        failures = 0;
        const nudged = AbortSignal.any([this.nudge.signal, this.stopped.signal]);
        await rest(Math.max(0, this.renewEvery_ms - sinceSent()), nudged);
      } else if (this.fence === null) {
        failures += 1;
        await rest(this.pauseAfter(failures, answer), this.stopped.signal);
      }
    }
  }

  private pauseAfter(failures: number, answer: Answer | UnreachableError): number {
    const backoff: Backoff = {
      first_ms: Math.min(FIRST_RETRY_MS, this.renewEvery_ms),
      most_ms: this.renewEvery_ms,
    };
    const retryAfter = answer instanceof Error ? null : answer.retry_after_ms;
    return backoffPause(failures, backoff, this.options.random, retryAfter);
  }

  private async ask(): Promise<Answer | UnreachableError> {
    const timeout_ms = Math.max(ANSWER_LEAST_MS, Math.min(ANSWER_MOST_MS, this.renewEvery_ms));
    try {
      return await this.api.renew(this.options.checkpoint, timeout_ms);
    } catch (error) {
      return error instanceof UnreachableError ? error : new UnreachableError(String(error));
    }
  }

  /** Whether it was renewed. */
  private take(answer: Answer | UnreachableError, sinceSent: () => number, number: number): boolean {
    const { logger } = this.options;
    if (answer instanceof Error) {
      logger.warn({ error: answer.message }, 'the lease could not be renewed; asking again');
      return false;
    }
    const verdict = verdictOf(answer);
    if (verdict === 'over') {
      this.end(fenceOf(answer));
      return false;
    }
    const renewal = verdict === 'done' ? renewalSchema.safeParse(answer.body) : null;
    if (!renewal?.success) {
      logger.warn({ answer: sayAnswer(answer) }, 'the lease could not be renewed; asking again');
      return false;
    }
    if (renewal.data.directive === 'terminate') {
      this.end({ code: 'terminate', detail: 'the server has revoked the lease' });
      return false;
    }
    this.options.onDirective(renewal.data.directive);
    if (renewal.data.renew_every_s !== undefined) this.renewEvery_ms = renewal.data.renew_every_s * 1_000;
    this.renewedAgo = sinceSent;
    for (const waiter of this.waiting) {
      if (number <= waiter.after) continue;
      this.waiting.delete(waiter);
      waiter.settle(null);
    }
    return true;
  }

  private end(fence: Fence): void {
    this.over.abort(fence);
    for (const { settle } of this.waiting) settle(fence);
    this.waiting.clear();
  }
}

/** Resolves when one of them is aborted. */
function aborted(...signals: AbortSignal[]) {
  let dispose = () => {};
  const promise = new Promise<'stopped'>((resolve) => {
    const stop = () => resolve('stopped');
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
    dispose = () => {
      for (const signal of signals) signal.removeEventListener('abort', stop);
    };
    if (signals.some((signal) => signal.aborted)) stop();
  });
  return { promise, dispose };
}

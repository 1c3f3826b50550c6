import type { BlobStore } from '../contracts/blobs';
import { backoffPause, type Random } from './backoff';
import { UnreachableError } from './http-client';
import type { AgentLogger } from './logger';
import { rest } from './rest';
import type { LeaseApi } from './task-api';
import { sayAnswer, verdictOf } from './verdict';

/** The server takes 1 MiB at once; less keeps a call short. */
const CHUNK_BYTES = 262_144;
const TRIES = 5;

/** Sends the output of a run as it grows, by offset: a chunk that comes twice changes nothing. */
export class LogStream {
  private offset = 0;
  /** Neither is an error: servers without this route, and an output beyond the limit of the server. */
  private closed = false;
  private tail: Promise<void> = Promise.resolve();

  constructor(
    private readonly api: LeaseApi,
    private readonly source: { blobs: BlobStore; ref: string },
    private readonly options: { every_ms: number; logger: AgentLogger; random: Random; onOver(): void },
  ) {}

  /** Until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.closed) {
      await this.flush(signal);
      await rest(this.options.every_ms, signal);
    }
  }

  /** Sends what is there, and gives up after some tries: a log is worth less than the receipt after it. */
  flush(signal: AbortSignal): Promise<void> {
    this.tail = this.tail.then(() => this.send(signal));
    return this.tail;
  }

  private async send(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!this.closed && !signal.aborted && failures < TRIES) {
      const range = { start: this.offset, end: this.offset + CHUNK_BYTES };
      const chunk = await this.source.blobs.read(this.source.ref, range).catch(() => null);
      if (chunk === null || chunk.byteLength === 0) return;
      if (await this.append(chunk, signal)) {
        failures = 0;
        continue;
      }
      failures += 1;
      const pause = backoffPause(failures, { first_ms: 200, most_ms: 2_000 }, this.options.random);
      await rest(pause, signal);
    }
  }

  private async append(chunk: Uint8Array, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.api.appendLog(this.offset, chunk, signal);
      if (answer.directive === 'terminate') this.options.onOver();
      if (answer.status === 416) return this.goTo(answer.body);
      if (answer.status === 404) {
        this.closed = true;
        return true;
      }
      const verdict = verdictOf(answer);
      if (verdict === 'done') {
        this.offset += chunk.byteLength;
        return true;
      }
      if (verdict === 'over') this.options.onOver();
      if (verdict !== 'away') {
        this.closed = true;
        this.options.logger.warn({ answer: sayAnswer(answer) }, 'the log is not sent any further');
      }
      return false;
    } catch (error) {
      if (!signal.aborted && !(error instanceof UnreachableError)) {
        this.options.logger.warn({ error: String(error) }, 'a piece of the log could not be sent');
      }
      return false;
    }
  }

  private goTo(body: unknown): boolean {
    const expected = (body as { expected_offset?: unknown } | null)?.expected_offset;
    if (typeof expected !== 'number' || !Number.isSafeInteger(expected) || expected < 0) {
      this.closed = true;
      return false;
    }
    const moved = expected !== this.offset;
    this.offset = expected;
    return moved;
  }
}

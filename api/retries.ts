/** Retries of calls to the engine that can be ended: a retry on a connection that is closed would crash the process. */
import {
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import type { Reachability } from '../dispatch/reachability';

/** Between two tries, in milliseconds. The usual 5 s would overshoot the deadline of a caller that waits. */
const RETRY_MAX_MS = 500;
/** The deadline of each call ends its retries first. */
const RETRIES_MAX = 20;

export interface Retries {
  interceptors: NonNullable<ConnectionOptions['interceptors']>;
  /** Resolves when no retry is to come any more. */
  end(): Promise<void>;
}

/** `except`: gRPC codes that are answers, though they are usually tried again. */
export function createRetries(reachability: Reachability, except: readonly number[] = []): Retries {
  const usual = defaultGrpcRetryOptions({ maxAttempts: RETRIES_MAX });
  let ended = false;
  /** When the last of the retries that are waiting is sent. */
  let lastAt = 0;
  return {
    interceptors: [
      makeGrpcRetryInterceptor({
        retryableDecider(attempt, status) {
          reachability.note(status.code);
          return !ended && !except.includes(status.code) && usual.retryableDecider(attempt, status);
        },
        delayFunction(attempt, status) {
          // Not as its option `maxIntervalMs`, which the SDK takes and does not look at.
          const delay = Math.min(usual.delayFunction(attempt, status), RETRY_MAX_MS);
          lastAt = Math.max(lastAt, Date.now() + delay);
          return delay;
        },
      }),
    ],
    async end() {
      ended = true;
      // A millisecond more than the timer of that retry, which was set before this one.
      const wait = lastAt - Date.now() + 1;
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    },
  };
}

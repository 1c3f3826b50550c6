import type { AttemptWatch } from './attempt-watch';
import { ApiProblem } from './problems';

/** Readers that follow at one time, in one process: each keeps a connection, and asks for sizes. */
const FOLLOWERS_MAX = 100;

/** Those who follow outputs. All who follow one attempt share a watch, so that the engine is asked once for all. */
export class Followers {
  private readonly watches = new Map<string, { watch: AttemptWatch; readers: number }>();
  private readers = 0;

  /** @throws ApiProblem 503 `too_many_followers` */
  assertRoom(): void {
    if (this.readers < FOLLOWERS_MAX) return;
    throw new ApiProblem(503, 'too_many_followers', `${FOLLOWERS_MAX} readers follow outputs already`, {
      retryAfterS: 10,
    });
  }

  /** @param gone aborts when the reader leaves */
  join(ref: string, gone: AbortSignal, begin: () => AttemptWatch): AttemptWatch {
    gone.throwIfAborted();
    const shared = this.watches.get(ref) ?? { watch: begin(), readers: 0 };
    this.watches.set(ref, shared);
    shared.readers += 1;
    this.readers += 1;
    gone.addEventListener('abort', () => {
      shared.readers -= 1;
      this.readers -= 1;
      if (shared.readers === 0) this.watches.delete(ref);
    });
    return shared.watch;
  }
}

/**
 * Most channels at one time on a connection, besides the two shells that stay and the one that is open beforehand.
 * sshd lets ten sessions open, unless MaxSessions says otherwise.
 */
const MOST = 5;
/** How long a limit that the server has shown is taken for granted, in milliseconds; then one more is tried. */
const TRUST_MS = 30_000;

export type ChannelUse = 'urgent' | 'short' | 'long';

interface Waiter {
  use: ChannelUse;
  grant: () => void;
}

/**
 * Hands out places for channels: what is urgent first, then in the order of asking. One place is kept for what is
 * urgent, and what may take minutes never has more than half of the rest.
 */
export class ChannelSlots {
  private limit = MOST;
  private refusedAt = 0;
  private readonly held = { urgent: 0, short: 0, long: 0 };
  private queue: Waiter[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** As far as is known, the server allows all that is wanted. */
  get roomy(): boolean {
    return this.limit === MOST;
  }

  /** Places that are taken. */
  get taken(): number {
    return this.held.urgent + this.held.short + this.held.long;
  }

  /**
   * Resolves with a function that gives the place back; calling it again does nothing.
   * @throws the reason of the signal
   */
  take(use: ChannelUse, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.queue = this.queue.filter((other) => other !== waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        use,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          this.held[use] += 1;
          resolve(this.releaser(use));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.queue.push(waiter);
      this.serve();
    });
  }

  /** The server refused a channel while so many were open. */
  refusedAfter(open: number): void {
    this.limit = Math.max(1, Math.min(open, MOST - 1));
    this.refusedAt = this.now();
  }

  private releaser(use: ChannelUse): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.held[use] -= 1;
      if (this.limit < MOST && this.now() - this.refusedAt > TRUST_MS) {
        this.limit += 1;
        this.refusedAt = this.now();
      }
      this.serve();
    };
  }

  private serve(): void {
    for (const use of ['urgent', 'any'] as const) {
      for (const waiter of [...this.queue]) {
        if ((use === 'urgent') !== (waiter.use === 'urgent') || !this.fits(waiter.use)) continue;
        this.queue = this.queue.filter((other) => other !== waiter);
        waiter.grant();
      }
    }
  }

  private fits(use: ChannelUse): boolean {
    const kept = this.limit > 2 ? 1 : 0;
    const free = this.limit - this.taken;
    if (use === 'urgent') return free > 0;
    if (free <= kept) return false;
    return use === 'short' || this.held.long < Math.max(1, Math.floor((this.limit - kept) / 2));
  }
}

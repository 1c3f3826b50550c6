/** Most milliseconds between sending a sign of life and its writing on the host. */
const IN_TIME_MS = 10_000;

/**
 * The signs of life that a follower gives a run, each good for a short time only, by the clock of the host. So a
 * look that was held up in the network and arrives late keeps no run alive that was given up meanwhile, and the time
 * at which the run has ended itself can be told from here.
 */
export class SignOfLife {
  /** What the host's clock showed at least, in hundredths of a second, and when that was, here. */
  private host: { clock_cs: number; at: number } | null = null;
  private sentAt: number;
  private sentBefore: number;
  private answeredAt: number;
  private readonly inTime_ms: number;

  constructor(
    private readonly lost_ms: number,
    private readonly grace_ms: number,
    private readonly now: () => number = Date.now,
  ) {
    this.inTime_ms = Math.min(IN_TIME_MS, lost_ms / 2);
    this.answeredAt = now();
    // Another follower may have sent one just now.
    this.sentAt = this.answeredAt;
    this.sentBefore = this.sentAt;
  }

  /** Whether one can be given: the clock of the host is known. */
  get known(): boolean {
    return this.host !== null;
  }

  /** For a look that is sent now. `wanted` false: it only looks. */
  give(wanted: boolean): { touch: string; touch_until_cs: number } {
    const now = this.now();
    this.sentBefore = this.sentAt;
    // Looks that arrive but are not answered must not keep it alive for ever.
    if (!wanted || this.host === null || now - this.answeredAt > this.lost_ms / 2) return NONE;
    this.sentAt = now;
    const passed_ms = now - this.host.at;
    return {
      touch: String(now),
      touch_until_cs: this.host.clock_cs + Math.ceil((passed_ms + this.inTime_ms) / 10),
    };
  }

  /** The look was answered just now; this was on the clock of the host. */
  answered(clock_cs: number): void {
    this.answeredAt = this.now();
    this.host = { clock_cs, at: this.answeredAt };
  }

  /** The look never got through. */
  notSent(): void {
    this.sentAt = this.sentBefore;
  }

  /** By now the run has ended itself, if the host is up at all. */
  get fenced(): boolean {
    return this.now() - this.sentAt > this.inTime_ms + this.lost_ms + this.grace_ms;
  }
}

const NONE = { touch: '', touch_until_cs: 0 };

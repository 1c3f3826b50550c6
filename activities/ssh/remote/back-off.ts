const FIRST_MS = 250;
/** A host that is back must be seen as online within 20 s, so the pauses stay well below. */
const MOST_MS = 5_000;
/**
 * Where only somebody's work can help. Seen within 20 s too; and never below 6 s, since sshd adds 5 s of penalty to an
 * address for each refused login, and blocks it from 15 s on (`PerSourcePenalties` of sshd_config(5)).
 */
const FINAL_MS = 12_000;

/** When to try again after failures; with jitter, so that many workers do not come back at once. */
export class BackOff {
  private failures = 0;
  private until = 0;

  constructor(
    private readonly random: () => number = Math.random,
    private readonly now: () => number = Date.now,
  ) {}

  /** Milliseconds until the next try. */
  get pause_ms(): number {
    return Math.max(0, this.until - this.now());
  }

  failed(final: boolean): void {
    this.failures += 1;
    const most = final ? FINAL_MS : Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(this.failures - 1, 16));
    this.until = this.now() + most * (0.5 + this.random() / 2);
  }

  succeeded(): void {
    this.failures = 0;
    this.until = 0;
  }
}

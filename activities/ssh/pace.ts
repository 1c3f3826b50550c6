/** A run that prints nothing is looked at more and more seldom, down to one time in four. */
const QUIET_FACTOR = 4;
const SLOWER = 1.5;

/** How long to wait between two looks at a run: each costs a shell or two on its host. */
export class Pace {
  /** In milliseconds. */
  pause_ms: number;
  private readonly base_ms: number;
  private readonly most_ms: number;

  constructor(base_ms: number, lost_ms: number) {
    // The run must see several signs of life within the limit of its watch.
    const limit_ms = lost_ms / 5;
    this.base_ms = Math.min(base_ms, limit_ms);
    this.most_ms = Math.min(base_ms * QUIET_FACTOR, limit_ms);
    this.pause_ms = this.base_ms;
  }

  saw(moved: boolean): void {
    this.pause_ms = moved ? this.base_ms : Math.min(this.pause_ms * SLOWER, this.most_ms);
  }
}

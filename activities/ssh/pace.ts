/** A run that prints nothing is looked at more and more seldom, down to one time in four. */
const QUIET_FACTOR = 4;
const SLOWER = 1.5;
/** A host that is busy is left alone for twice the time of the look, but not longer than this, in milliseconds. */
const BUSY_FACTOR = 2;
const BUSY_MOST_MS = 10_000;

/** How long to wait between two looks at a run: each costs a shell or two on its host. */
export class Pace {
  /** In milliseconds. */
  pause_ms: number;
  private usual_ms: number;
  private readonly base_ms: number;
  private readonly most_ms: number;
  private readonly busy_most_ms: number;

  constructor(base_ms: number, lost_ms: number) {
    // The run must see several signs of life within the limit of its watch.
    const limit_ms = lost_ms / 5;
    this.base_ms = Math.min(base_ms, limit_ms);
    this.most_ms = Math.min(base_ms * QUIET_FACTOR, limit_ms);
    this.busy_most_ms = Math.min(BUSY_MOST_MS, limit_ms);
    this.usual_ms = this.base_ms;
    this.pause_ms = this.base_ms;
  }

  /** @param took_ms of the look, with all that it waited for */
  saw(moved: boolean, took_ms = 0): void {
    this.usual_ms = moved ? this.base_ms : Math.min(this.usual_ms * SLOWER, this.most_ms);
    this.pause_ms = Math.max(this.usual_ms, Math.min(took_ms * BUSY_FACTOR, this.busy_most_ms));
  }
}

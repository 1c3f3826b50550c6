/**
 * Tells whether the engine was heard of lately. A follower that is cut off from the engine cannot know whether
 * its run was given to someone else, so after a while it must let the dead-man's watch run out.
 */
export class EngineWatch {
  private heardAt = Date.now();
  private asking = false;

  constructor(
    private readonly answers: (() => Promise<boolean>) | undefined,
    /** Silence that is borne, in milliseconds. */
    private readonly silence_ms: number,
  ) {}

  /** Asks again, without waiting for the answer. */
  ask(): void {
    if (this.answers === undefined || this.asking) return;
    this.asking = true;
    this.answers()
      .then(
        (heard) => {
          if (heard) this.heardAt = Date.now();
        },
        () => undefined,
      )
      .finally(() => {
        this.asking = false;
      });
  }

  heard(): boolean {
    return this.answers === undefined || Date.now() - this.heardAt < this.silence_ms;
  }
}

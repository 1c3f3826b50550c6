/** Whether an attempt may still write. Asked of the engine now and then, never waited for. */

import { ApiProblem } from './problems';
import type { TaskReading } from './read-task';

/** Least time between two questions: the cost of a follower to the engine. */
const ASK_EVERY_MS = 1_000;

export class AttemptWatch {
  /** True once the attempt has ended, or the engine knows it no more. */
  over = false;
  private asking = false;
  private askedAt = Date.now();

  constructor(
    private readonly epoch: number,
    private readonly read: () => Promise<TaskReading>,
    first: TaskReading,
  ) {
    this.over = isOver(first, epoch);
  }

  /** Does nothing when it was asked a moment ago, or the last question has no answer yet. */
  ask(): void {
    if (this.over || this.asking || Date.now() - this.askedAt < ASK_EVERY_MS) return;
    this.asking = true;
    this.askedAt = Date.now();
    void this.read()
      .then(
        (reading) => isOver(reading, this.epoch),
        // Any other failure is no news of the attempt: the engine or its workers are away.
        (error) => error instanceof ApiProblem && error.statusCode === 404,
      )
      .then((over) => {
        this.over = over;
        this.asking = false;
      });
  }
}

function isOver({ report, running }: TaskReading, epoch: number): boolean {
  if (!report) return !running;
  const attempt = report.view.attempts.find((one) => one.epoch === epoch);
  return !running || attempt === undefined || attempt.ended_at !== null;
}

/** Which blob is the output of a task. */
import type { BlobStore } from '../contracts/blobs';
import { ApiProblem } from './problems';
import type { TaskReading } from './read-task';

export interface Output {
  ref: string;
  epoch: number;
}

/** The output of a run on a host is there while it grows, and named before the attempt has ended. */
function outputsOf({ report }: TaskReading, epoch: number | undefined) {
  return (report?.view.attempts ?? [])
    .filter((attempt) => epoch === undefined || attempt.epoch === epoch)
    .toReversed()
    .flatMap((attempt) =>
      attempt.output_ref === null
        ? []
        : [{ ref: attempt.output_ref, epoch: attempt.epoch, ended: attempt.ended_at !== null }],
    );
}

const noOutput = () => new ApiProblem(404, 'no_output', 'no such attempt, or it has no output');

/** Throws 404 `no_output`. The size is in bytes. */
export async function findOutput(
  blobs: Pick<BlobStore, 'size'>,
  reading: TaskReading,
  epoch: number | undefined,
): Promise<Output & { size: number }> {
  for (const output of outputsOf(reading, epoch)) {
    const size = await blobs.size(output.ref);
    if (size !== null) return { ref: output.ref, epoch: output.epoch, size };
  }
  throw noOutput();
}

/** As findOutput, but an attempt that runs goes first, though it has written nothing yet. */
export async function findGrowingOutput(
  blobs: Pick<BlobStore, 'size'>,
  reading: TaskReading,
  epoch: number | undefined,
): Promise<Output> {
  const [latest] = outputsOf(reading, epoch);
  if (latest && reading.running && !latest.ended) return latest;
  return findOutput(blobs, reading, epoch);
}

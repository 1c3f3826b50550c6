/** Which blob is the output of a task. */
import type { BlobStore } from '../contracts/blobs';
import { ApiProblem } from './problems';
import type { TaskReading } from './read-task';

export interface Output {
  ref: string;
  epoch: number;
}

/** The output of a run on a host is there while it grows, and named before the attempt has ended. */
export interface OutputChoice {
  /** Of the attempt; undefined: of the latest that has one. */
  epoch: number | undefined;
  stream: 'stdout' | 'stderr';
}

const refOf = (ref: string, stream: OutputChoice['stream']) => {
  if (stream === 'stdout') return ref;
  return ref.startsWith('output:') ? `${ref}:err` : null;
};

function outputsOf({ report }: TaskReading, { epoch, stream }: OutputChoice) {
  return (report?.view.attempts ?? [])
    .filter((attempt) => epoch === undefined || attempt.epoch === epoch)
    .toReversed()
    .flatMap((attempt) => {
      const ref = attempt.output_ref && refOf(attempt.output_ref, stream);
      return ref ? [{ ref, epoch: attempt.epoch, ended: attempt.ended_at !== null }] : [];
    });
}

const noOutput = () => new ApiProblem(404, 'no_output', 'no such attempt, or it has no output');

/** Throws 404 `no_output`. The size is in bytes. */
export async function findOutput(
  blobs: Pick<BlobStore, 'size'>,
  reading: TaskReading,
  choice: OutputChoice,
): Promise<Output & { size: number }> {
  for (const output of outputsOf(reading, choice)) {
    const size = await blobs.size(output.ref);
    if (size !== null) return { ref: output.ref, epoch: output.epoch, size };
  }
  throw noOutput();
}

/** As findOutput, but an attempt that runs goes first, though it has written nothing yet. */
export async function findGrowingOutput(
  blobs: Pick<BlobStore, 'size'>,
  reading: TaskReading,
  choice: OutputChoice,
): Promise<Output> {
  const [latest] = outputsOf(reading, choice);
  if (latest && reading.running && !latest.ended) return latest;
  return findOutput(blobs, reading, choice);
}

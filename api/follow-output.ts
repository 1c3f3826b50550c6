/** A blob that grows, as a stream that ends with it. Holds one chunk at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BlobStore } from '../contracts/blobs';
import type { AttemptWatch } from './attempt-watch';

/** Time between two looks at the size of a blob that does not grow just now. */
const LOOK_EVERY_MS = 250;

export interface Following {
  ref: string;
  /** Bytes go out only as fast as they are taken; nothing is read or asked while the reader is behind. */
  watch: Pick<AttemptWatch, 'over' | 'ask'>;
  /** Ends the waiting: the reader is gone, or the server stops. */
  signal: AbortSignal;
}

/**
 * What is written so far, then what is added, until the attempt is over and all of it was given.
 * Throws when the signal aborts or the blob is taken away: the stream must not look complete then.
 */
export async function* followOutput(blobs: Pick<BlobStore, 'size' | 'stream'>, following: Following) {
  const { ref, watch, signal } = following;
  let offset = 0;
  // Makes the headers go out before there is any output.
  yield new Uint8Array(0);
  for (;;) {
    signal.throwIfAborted();
    // Before the size: what was written until the end is in it.
    const { over } = watch;
    const size = await blobs.size(ref);
    if (size === null ? offset > 0 : size < offset) throw new Error('the output is gone');
    if (size !== null && size > offset) {
      const chunks = await blobs.stream(ref, { start: offset, end: size });
      for await (const chunk of chunks ?? []) {
        offset += chunk.byteLength;
        yield chunk;
      }
      continue;
    }
    if (over) return;
    watch.ask();
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** A chunk of the output of an attempt, at the place where it belongs. */
import type { BlobStore, OutputRef } from '../contracts/blobs';
import { ApiProblem } from './problems';

/** In bytes, of one attempt. */
export const LOG_MAX_BYTES = 268_435_456;

/**
 * Writes what is not there yet: a repeat, or a chunk that begins before the end, changes nothing of what is.
 * @returns how many bytes are there now
 * @throws ApiProblem 416 for a chunk that begins behind the end, 413 for one that ends beyond the limit
 */
export async function appendLog(
  blobs: Pick<BlobStore, 'size' | 'append'>,
  ref: OutputRef,
  offset: number,
  chunk: Uint8Array,
  limit = LOG_MAX_BYTES,
): Promise<number> {
  const size = (await blobs.size(ref)) ?? 0;
  if (offset > size) throw gap(size);
  const fresh = chunk.subarray(size - offset);
  if (fresh.byteLength === 0) return size;
  const end = size + fresh.byteLength;
  if (end > limit) {
    throw new ApiProblem(413, 'log_full', `the output of an attempt is kept up to ${limit} bytes`, {
      members: { expected_offset: size },
    });
  }
  await blobs.append(ref, size, fresh);
  return end;
}

const gap = (size: number) =>
  new ApiProblem(416, 'log_gap', `the next byte that is expected is at offset ${size}`, {
    members: { expected_offset: size },
    headers: { 'signalbox-expected-offset': String(size) },
  });

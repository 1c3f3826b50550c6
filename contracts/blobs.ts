/**
 * Where large bytes live: prompts beyond 32 KiB, and the output of runs.
 * Types only; the API and the host activities are given an implementation.
 */

/** Immutable text or bytes, named by the SHA-256 of their content. */
export type ContentRef = `sha256:${string}`;

/** Output of an attempt: grows while it runs. `output:<attempt_id>` is stdout, `output:<attempt_id>:err` is stderr. */
export type OutputRef = `output:${string}`;

/** Half-open: `start` is the first byte, `end` the first byte not wanted. In bytes. */
export interface ByteRange {
  start?: number;
  end?: number;
}

export interface BlobStore {
  /** Durable when it resolves; the same content twice is one blob. */
  put(content: Uint8Array | string | AsyncIterable<Uint8Array>): Promise<{ ref: ContentRef; bytes: number }>;
  /** Bytes of a blob, or null when there is none of this name. A range past the end is cut short. */
  read(ref: string, range?: ByteRange): Promise<Uint8Array | null>;
  /** The same for a blob too large to hold. */
  stream(ref: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | null>;
  /** In bytes; null when there is none of this name. */
  size(ref: string): Promise<number | null>;
  /**
   * Writes a chunk of output at its absolute offset. Repeating a chunk changes nothing, so two followers
   * of one run do no harm. Rejects with `BlobGapError` when bytes before the offset are missing.
   */
  append(ref: OutputRef, offset: number, chunk: Uint8Array): Promise<void>;
}

import type { BlobStore, OutputRef } from '../../contracts/blobs';
import { tailText } from '../agent-cli/parsers/byte-tail';
import type { StreamLook } from './follow-poll';

export const outputRef = (attemptId: string): OutputRef => `output:${attemptId}`;
export const errorRef = (attemptId: string): OutputRef => `output:${attemptId}:err`;

/**
 * Copies one stream of a run into the blob store. What the store holds says where to go on, so a follower on
 * another worker, or a second one of the same run, neither loses nor doubles a byte.
 */
export class OutputCopy {
  private constructor(
    private readonly blobs: BlobStore,
    readonly ref: OutputRef,
    public offset: number,
  ) {}

  static async open(blobs: BlobStore, ref: OutputRef): Promise<OutputCopy> {
    const size = await blobs.size(ref);
    // So that the reference reads as empty, not as unknown, while nothing has been printed.
    if (size === null) await blobs.append(ref, 0, new Uint8Array());
    return new OutputCopy(blobs, ref, size ?? 0);
  }

  /** Takes what a look brought; gives the number of bytes that are still to be fetched. */
  async take(seen: StreamLook): Promise<number> {
    if (seen.chunk.length > 0) {
      await this.blobs.append(this.ref, this.offset, seen.chunk);
      this.offset += seen.chunk.length;
    }
    return Math.max(0, seen.size - this.offset);
  }

  /** The last bytes as text, without what is left of a character cut in two; bytes that are no UTF-8 are replaced. */
  async tail(bytes: number): Promise<string> {
    const start = Math.max(0, this.offset - bytes);
    const found = await this.blobs.read(this.ref, { start, end: this.offset });
    return tailText(found ?? new Uint8Array(), start > 0);
  }

  /** All that was copied, in pieces. Throws the abort reason. */
  async *stream(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of (await this.blobs.stream(this.ref, { end: this.offset })) ?? []) {
      signal.throwIfAborted();
      yield chunk;
    }
  }
}

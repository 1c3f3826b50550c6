import type { BlobStore } from '../contracts/blobs';
import { INLINE_TEXT_MAX_BYTES, type Text } from '../contracts/task';

/** Durable when it resolves: a text too large to travel inline is a blob from now on. */
export const keepText = async (blobs: BlobStore, text: string): Promise<Text> =>
  Buffer.byteLength(text) <= INLINE_TEXT_MAX_BYTES ? { inline: text } : blobs.put(text);

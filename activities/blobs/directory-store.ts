import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobStore, ByteRange, ContentRef, OutputRef } from '../../contracts/blobs';
import { blobPath } from './blob-path';

export class BlobGapError extends Error {
  readonly code = 'blob_gap';

  constructor(ref: string, offset: number, size: number) {
    super(`${ref}: a chunk at ${offset} does not join the ${size} bytes that are there`);
  }
}

/** Blobs as files below one directory. Several processes may use it at the same time. */
export class DirectoryBlobStore implements BlobStore {
  constructor(private readonly root: string) {}

  async put(content: Uint8Array | string | AsyncIterable<Uint8Array>) {
    const partial = join(this.root, 'partial', randomUUID());
    await mkdir(dirname(partial), { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    let bytes = 0;
    const file = await open(partial, 'wx', 0o600);
    try {
      for await (const chunk of chunksOf(content)) {
        hash.update(chunk);
        await file.writeFile(chunk);
        bytes += chunk.byteLength;
      }
      await file.sync();
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    const ref: ContentRef = `sha256:${hash.digest('hex')}`;
    const path = this.pathOf(ref);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(partial, path);
    await syncDirectory(dirname(path));
    return { ref, bytes };
  }

  async read(ref: string, range: ByteRange = {}): Promise<Uint8Array | null> {
    if (range.start === undefined && range.end === undefined) return orNull(readFile(this.pathOf(ref)));
    const source = await this.stream(ref, range);
    if (source === null) return null;
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async stream(ref: string, range: ByteRange = {}): Promise<AsyncIterable<Uint8Array> | null> {
    const size = await this.size(ref);
    if (size === null) return null;
    const start = Math.max(0, range.start ?? 0);
    const end = Math.min(range.end ?? size, size);
    if (start >= end) return chunksOf('');
    return createReadStream(this.pathOf(ref), { start, end: end - 1 });
  }

  async size(ref: string): Promise<number | null> {
    const found = await orNull(stat(this.pathOf(ref)));
    return found?.size ?? null;
  }

  async append(ref: OutputRef, offset: number, chunk: Uint8Array): Promise<void> {
    const path = this.pathOf(ref);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Not O_APPEND: with it, Linux ignores the position of a write.
    const file = await open(path, 'r+', 0o600).catch(() => open(path, 'a+', 0o600).then(reopen(path)));
    try {
      const { size } = await file.stat();
      if (offset > size) throw new BlobGapError(ref, offset, size);
      let written = 0;
      while (written < chunk.byteLength) {
        const { bytesWritten } = await file.write(
          chunk,
          written,
          chunk.byteLength - written,
          offset + written,
        );
        written += bytesWritten;
      }
    } finally {
      await file.close();
    }
  }

  private pathOf(ref: string): string {
    // A ref that is none names a file that never exists, so it reads as "no such blob".
    return join(this.root, blobPath(ref) ?? 'none');
  }
}

const reopen = (path: string) => async (created: Awaited<ReturnType<typeof open>>) => {
  await created.close();
  return open(path, 'r+');
};

async function* chunksOf(content: Uint8Array | string | AsyncIterable<Uint8Array>) {
  if (typeof content === 'string') yield Buffer.from(content);
  else if (content instanceof Uint8Array) yield content;
  else yield* content;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { blobPath } from '../activities/blobs/blob-path';
import { errorRef, outputRef } from '../activities/ssh/output-copy';

/** The server has it by now. */
export async function removeOutput(folder: string, attemptId: string): Promise<void> {
  for (const ref of [outputRef(attemptId), errorRef(attemptId)]) {
    const path = blobPath(ref);
    if (path !== null) await rm(join(folder, path), { force: true });
  }
}

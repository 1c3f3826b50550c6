import { join } from 'node:path';
import { DirectoryBlobStore } from '../activities/blobs/directory-store';
import type { BlobStore } from '../contracts/blobs';
import type { StateDir } from './config/state-dir';

/** Where large texts and outputs are kept; the roles of one system must see the same. */
export const openBlobs = (stateDir: StateDir): BlobStore =>
  new DirectoryBlobStore(join(stateDir.path, 'blobs'));

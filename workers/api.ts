import { type Api, startApi } from '../api/server';
import type { BoardShare } from '../dispatch/board-share';
import { openBlobs } from './blobs';
import type { RoleDeps } from './role';

/** The API as a role, on the blob store of the state directory. */
export const startApiRole = (deps: RoleDeps, share?: BoardShare): Promise<Api> =>
  startApi({ ...deps, blobs: openBlobs(deps.stateDir), share });

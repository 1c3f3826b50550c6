import { type Api, startApi } from '../api/server';
import type { BoardShare } from '../dispatch/board-share';
import { openBlobs } from './blobs';
import { resolveWebhooks } from './config/sources';
import type { RoleDeps } from './role';

/**
 * The API as a role, on the blob store of the state directory.
 * Rejects with SourcesError when a secret of a forge is not there.
 */
export const startApiRole = async (deps: RoleDeps, share?: BoardShare): Promise<Api> =>
  startApi({
    ...deps,
    blobs: openBlobs(deps.stateDir),
    webhooks: resolveWebhooks(deps.config, deps.environment),
    share,
  });

import type { BoardShare } from '../dispatch/board-share';
import { startApiRole } from './api';
import { composeRoles } from './compose-roles';
import { startControlWorker } from './control';
import { startHostWorkers } from './host';
import type { Role, RoleDeps, TemporalAddress } from './role';
import type { Setting } from './setting';
import { openSharedBoard } from './shared-board';
import { type Engine, openEngine } from './temporal/engine';

export interface AllInOne extends Role {
  /** Base of the API. */
  url: string;
  temporal: TemporalAddress;
}

/** Every role in one process. It stops in this order: API, hosts, workflows, Temporal server. */
export async function startAllInOne(
  setting: Setting,
  say: (message: string) => void,
  signal?: AbortSignal,
): Promise<AllInOne> {
  let engine: Engine | undefined;
  let share: BoardShare | undefined;
  let url = '';
  const deps = (): RoleDeps => {
    if (engine === undefined) throw new Error('the Temporal server comes first');
    return { ...setting, temporal: engine.temporal };
  };
  const role = await composeRoles(
    [
      async () => {
        engine = await openEngine({ ...setting, say, signal });
        return engine;
      },
      () => startControlWorker(deps()),
      async () => {
        const shared = await openSharedBoard(deps());
        share = shared.share;
        return shared;
      },
      () => startHostWorkers(deps(), share),
      async () => {
        const api = await startApiRole(deps(), share);
        url = api.url;
        return api;
      },
    ],
    signal,
  );
  return { ...role, url, temporal: deps().temporal };
}

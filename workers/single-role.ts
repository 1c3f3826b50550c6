import { composeRoles } from './compose-roles';
import type { Role, RoleDeps, TemporalAddress } from './role';
import type { Setting } from './setting';
import { joinEngine } from './temporal/engine';

export interface SingleRole<R extends Role> extends Role {
  role: R;
  temporal: TemporalAddress;
}

/** One role in a process of its own, on a Temporal server that is already there. */
export async function startSingleRole<R extends Role>(
  start: (deps: RoleDeps) => Promise<R>,
  setting: Setting,
  say: (message: string) => void,
  signal?: AbortSignal,
): Promise<SingleRole<R>> {
  const temporal = await joinEngine({ ...setting, say, signal });
  let role: R | undefined;
  const composed = await composeRoles(
    [
      async () => {
        role = await start({ ...setting, temporal });
        return role;
      },
    ],
    signal,
  );
  if (role === undefined) throw new Error('the role did not start');
  return { ...composed, role, temporal };
}

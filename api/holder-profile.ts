/** Agents as the API registers and shows them. */
import { isDeepStrictEqual } from 'node:util';
import type { HolderView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { heartbeatPresence, registerHolder } from '../dispatch/holders';
import type { AgentBeat, HolderProfile } from '../workflows/holder/types';
import { agentRef, hostRef } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { ApiProblem } from './problems';

export interface AgentProfile extends Omit<HolderProfile, 'kind' | 'presence_ms'> {
  /** In milliseconds; default from the config file. */
  presence_ms?: number;
}

/**
 * Registers an agent, or brings its registration up to date. `known`: as it is now.
 * Throws 409 when a host has the name: agents and hosts share one name space, because assign takes either.
 */
export async function registerAgent(
  ctx: ApiContext,
  profile: AgentProfile,
  { known = null, said }: { known?: KnownHolder | null; said?: AgentBeat } = {},
): Promise<HolderProfile> {
  const { client, config, directory } = ctx;
  const { id } = profile;
  const taken =
    Object.hasOwn(config.hosts, id) ||
    (await within(client, ENGINE_MS, () => directory.get(hostRef(id)))) !== null;
  if (taken) throw new ApiProblem(409, 'id_taken', `${id} is the name of a host`);
  const complete: HolderProfile = { presence_ms: config.presence_ms, ...profile, kind: 'agent' };
  await within(client, ENGINE_MS, async () => {
    // The same again is no news, and costs no history.
    const same = known?.presence === 'online' && isDeepStrictEqual(known.profile, complete);
    if (same && (await heartbeatPresence(client, agentRef(id), { known, word: said }))) return;
    const generation = (await directory.generation(id)) ?? 0;
    await registerHolder(client, complete, { said, generation });
  });
  directory.forget(agentRef(id));
  return complete;
}

export const knownAgent = ({ client, directory }: ApiContext, id: string): Promise<KnownHolder | null> =>
  within(client, ENGINE_MS, () => directory.get(agentRef(id)));

export const holderView = (holder: KnownHolder, holds: HolderView['holds']): HolderView => ({
  id: holder.profile.id,
  kind: holder.profile.kind,
  capabilities: holder.profile.capabilities,
  slots: holder.profile.slots,
  version: holder.profile.version,
  presence: holder.presence,
  registered_at: new Date(holder.registered_at).toISOString(),
  last_seen_at: holder.last_seen_at === null ? null : new Date(holder.last_seen_at).toISOString(),
  product: holder.profile.product,
  generation: holder.generation,
  holds,
});

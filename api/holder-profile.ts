/** Agents as the API registers and shows them. */
import type { HolderView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { registerHolder } from '../dispatch/holders';
import type { HolderProfile } from '../workflows/holder/types';
import { agentRef, hostRef } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { ApiProblem } from './problems';

/** `presence_ms`: default from the config file. */
export type AgentProfile = Omit<HolderProfile, 'kind' | 'presence_ms'> & { presence_ms?: number };

/** Throws 409 when a host has the name: agents and hosts share one name space, because assign takes either. */
export async function registerAgent(ctx: ApiContext, profile: AgentProfile): Promise<HolderProfile> {
  const { client, config, directory } = ctx;
  const { id } = profile;
  const taken =
    Object.hasOwn(config.hosts, id) ||
    (await within(client, ENGINE_MS, () => directory.get(hostRef(id)))) !== null;
  if (taken) throw new ApiProblem(409, 'id_taken', `${id} is the name of a host`);
  const complete: HolderProfile = { presence_ms: config.presence_ms, ...profile, kind: 'agent' };
  await within(client, ENGINE_MS, () => registerHolder(client, complete));
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

/** An agent that asks for work is there, and is known from then on. */
import { heartbeatPresence } from '../dispatch/holders';
import { agentRef } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { knownAgent, registerAgent } from './holder-profile';
import { assertOwnAgent } from './own-agent';
import type { WorkWanted } from './take-work';

/** What the agent can do: what it says now, else what it is registered with. Registers an unknown agent. */
export async function capabilitiesOf(
  ctx: ApiContext,
  {
    agentId,
    bearer,
    own,
    capabilities: said,
  }: Pick<WorkWanted, 'agentId' | 'bearer' | 'own' | 'capabilities'>,
): Promise<string[]> {
  const { client, directory } = ctx;
  const holder = agentRef(agentId);
  const lately = await within(client, ENGINE_MS, () => directory.remembered(holder));
  // One that registered a moment ago, with another process, must not be registered over.
  const known = lately ?? (await knownAgent(ctx, agentId));
  assertOwnAgent({ role: 'agent', product: own }, known);
  if (known) {
    const alive = await within(client, ENGINE_MS, () => heartbeatPresence(client, holder, { known }));
    if (alive) return said ?? known.profile.capabilities;
  }
  const capabilities = said ?? [];
  await registerAgent(ctx, { id: agentId, capabilities, slots: 1, version: null, product: bearer.product });
  return capabilities;
}

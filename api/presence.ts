/** An agent that asks for work is there, and is known from then on. */
import { heartbeatPresence } from '../dispatch/holders';
import { agentRef } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { knownAgent, registerAgent } from './holder-profile';

/** What the agent can do: what it says now, else what it is registered with. Registers an unknown agent. */
export async function capabilitiesOf(
  ctx: ApiContext,
  agentId: string,
  said: string[] | undefined,
  product: string | null,
): Promise<string[]> {
  const { client, directory } = ctx;
  const holder = agentRef(agentId);
  const lately = await within(client, ENGINE_MS, () => directory.remembered(holder));
  // One that registered a moment ago, with another process, must not be registered over.
  const known = lately ?? (await knownAgent(ctx, agentId));
  if (known) {
    const alive = await within(client, ENGINE_MS, () => heartbeatPresence(client, holder, { known }));
    if (alive) return said ?? known.profile.capabilities;
  }
  const capabilities = said ?? [];
  await registerAgent(ctx, { id: agentId, capabilities, slots: 1, version: null, product });
  return capabilities;
}

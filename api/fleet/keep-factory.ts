/** A factory is an agent: registered when it is unknown or has changed, and otherwise only heard of. */
import { heartbeatPresence } from '../../dispatch/holders';
import { agentRef } from '../../workflows/names';
import { maySee } from '../auth';
import type { ApiContext } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { knownAgent, registerAgent } from '../holder-profile';
import { ApiProblem } from '../problems';
import type { Principal } from '../tokens';

export interface Factory {
  id: string;
  capabilities: string[];
  /** In the words of the registry. */
  health?: 'ok' | 'degraded' | 'unhealthy';
  load?: number;
}

/** Throws 409 `id_taken`: the name is that of a host, or of an agent of another product. */
export async function keepFactory(ctx: ApiContext, caller: Principal, factory: Factory): Promise<void> {
  const { id, capabilities } = factory;
  const known = await knownAgent(ctx, id);
  if (caller.role !== 'agent' && known && !maySee(caller, known.profile.product ?? '')) {
    throw new ApiProblem(409, 'id_taken', `${id} is the name of an agent of another product`);
  }
  const { presence_ms } = ctx.config.fleet;
  const profile = known?.profile;
  const same =
    profile?.presence_ms === presence_ms &&
    [...profile.capabilities].sort().join('\n') === [...capabilities].sort().join('\n');
  const heard =
    same &&
    (await within(ctx.client, ENGINE_MS, () => heartbeatPresence(ctx.client, agentRef(id), known?.n)));
  if (heard) return;
  const { slots = 1, version = null } = profile ?? {};
  // A token for several products does not move a factory from one to another.
  const product = profile?.product ?? caller.product;
  await registerAgent(ctx, { id, capabilities, slots, version, product, presence_ms });
}

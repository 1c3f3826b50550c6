/** A factory is an agent: registered when it is unknown or has changed, and otherwise only heard of. */
import type { KnownHolder } from '../../dispatch/directory';
import type { ApiContext } from '../context';
import { knownAgent, registerAgent } from '../holder-profile';
import { assertOwnAgent } from '../own-agent';
import type { Principal } from '../tokens';

export interface Factory {
  id: string;
  capabilities: string[];
  /** In the words of the registry. */
  health?: 'ok' | 'degraded' | 'unhealthy';
  load?: number;
}

/**
 * Registers the factory, or brings its registration up to date. `own`: the product of its token.
 * Throws 409 `id_taken`: the name is that of a host, or of an agent of another product.
 */
export async function keepFactory(
  ctx: ApiContext,
  caller: Principal,
  factory: Factory,
  own: string | null,
): Promise<void> {
  const { id, capabilities } = factory;
  const known = await knownFactory(ctx, caller, id, own);
  const { presence_ms } = ctx.config.fleet;
  const { slots = 1, version = null } = known?.profile ?? {};
  // The header of a token for several products does not move a factory from one to another.
  const product = own ?? known?.profile.product ?? caller.product;
  const next = { id, capabilities, slots, version, product, presence_ms };
  const said = { at: Date.now(), health: factory.health ?? null, load: factory.load ?? null };
  await registerAgent(ctx, next, { known, said });
}

/** A claim says what one worker looks for, and changes nothing of what the factory is registered with. */
export async function knowFactory(ctx: ApiContext, caller: Principal, factory: Factory, own: string | null) {
  if (!(await knownFactory(ctx, caller, factory.id, own))) await keepFactory(ctx, caller, factory, own);
}

async function knownFactory(
  ctx: ApiContext,
  { role }: Principal,
  id: string,
  own: string | null,
): Promise<KnownHolder | null> {
  const known = await knownAgent(ctx, id);
  assertOwnAgent({ role, product: own }, known);
  return known;
}

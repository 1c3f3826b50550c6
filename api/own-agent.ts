/** An agent belongs to one product, or to none: who speaks for another product may neither change nor be it. */
import type { KnownHolder } from '../dispatch/directory';
import { ApiProblem } from './problems';
import type { Principal } from './tokens';

/**
 * Throws 409 `id_taken` for people, and 403 `wrong_product` for the agent itself, to which 409 says something else.
 * An agent of no product may be taken into that of its own token.
 */
export function assertOwnAgent(
  { role, product }: Pick<Principal, 'role' | 'product'>,
  known: KnownHolder | null,
): void {
  if (known === null || product === null || known.profile.product === product) return;
  if (role !== 'agent') {
    throw new ApiProblem(409, 'id_taken', `${known.profile.id} is the name of an agent of another product`);
  }
  if (known.profile.product !== null) {
    throw new ApiProblem(403, 'wrong_product', `${known.profile.id} is an agent of another product`);
  }
}

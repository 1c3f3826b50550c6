/** A list of holders with what each holds, as far as the caller may see it. */
import type { HolderView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { maySee } from './auth';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { holderView } from './holder-profile';
import type { Principal } from './tokens';

/** Hosts belong to no product and are shown to all; an agent of no product is shown to those who see all. */
export async function holdersAnswer(
  ctx: Pick<ApiContext, 'client' | 'holds'>,
  principal: Principal,
  load: () => Promise<KnownHolder[]>,
): Promise<{ holders: HolderView[] }> {
  const known = await within(ctx.client, ENGINE_MS, load);
  const shown = known.filter(
    ({ profile: { kind, product } }) => kind === 'host' || [null, product].includes(principal.product),
  );
  if (shown.length === 0) return { holders: [] };
  const holds = await ctx.holds();
  const holders = shown.map((holder) => {
    const held = holds.get(`${holder.profile.kind}:${holder.profile.id}`) ?? [];
    return holderView(
      holder,
      held.filter(({ product }) => maySee(principal, product)),
    );
  });
  return { holders };
}

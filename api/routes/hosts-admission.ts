import { hostViewSchema } from '../../contracts/holder';
import type { KnownHolder } from '../../dispatch/directory';
import { hostRef } from '../../workflows/names';
import { admissionRoutes } from '../admission-routes';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { hostView } from '../host-view';
import { ApiProblem } from '../problems';
import type { Principal } from '../tokens';

const WORDS = {
  cordon: [
    'Give a host nothing new',
    'What runs there goes on. In force within seconds, until it is undone.',
  ],
  uncordon: ['Give a host work again', 'Ends a cordon, and draining.'],
  drain: [
    'Let a host run empty',
    'A cordon; `admission` becomes `drained` when nothing runs there any more.',
  ],
} as const;

export function hostsAdmission(app: App, ctx: ApiContext) {
  admissionRoutes(app, ctx, {
    family: 'hosts',
    words: WORDS,
    answer: hostViewSchema,
    refOf: hostRef,
    find: findHost,
    async view({ holds }, _, host) {
      const held = (await holds()).get(hostRef(host.profile.id)) ?? [];
      return hostView(host, held, held.length, Date.now());
    },
  });
}

/** Throws 404; and 403 for a token of one product, because hosts serve all of them. */
async function findHost(ctx: ApiContext, principal: Principal, id: string): Promise<KnownHolder> {
  if (principal.product !== null) {
    throw new ApiProblem(403, 'wrong_product', `this token is for the product ${principal.product}`);
  }
  const host = await within(ctx.client, ENGINE_MS, () => ctx.directory.get(hostRef(id)));
  if (!host) throw new ApiProblem(404, 'unknown_holder', `no host is called ${id}`);
  return host;
}

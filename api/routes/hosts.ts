import { hostsSchema } from '../../contracts/api';
import { EVERYONE, maySee, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import type { HoldsByHolder } from '../holds';
import { hostView } from '../host-view';
import { PROBLEMS } from '../route-docs';

export function hosts(app: App, ctx: ApiContext) {
  app.get(
    '/hosts',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'List hosts',
        description:
          'Whether each can be reached, what runs there, and which templates can. Seconds old at most.',
        tags: ['holders'],
        response: { 200: hostsSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const known = await within(ctx.client, ENGINE_MS, () => ctx.directory.hostsNow());
      const holds: HoldsByHolder = known.length === 0 ? new Map() : await ctx.holds();
      const now = Date.now();
      const holders = known.map((host) => {
        const held = holds.get(`host:${host.profile.id}`) ?? [];
        // Hosts belong to no product and are shown to all; what runs there is not.
        const shown = held.filter(({ product }) => maySee(principal, product));
        return hostView(host, shown, held.length, now);
      });
      return { holders };
    },
  );
}

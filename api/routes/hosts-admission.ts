import { z } from 'zod';
import { admissionOrderSchema } from '../../contracts/api';
import { hostViewSchema } from '../../contracts/holder';
import { holderIdSchema } from '../../contracts/ids';
import type { KnownHolder } from '../../dispatch/directory';
import type { AdmissionOrder } from '../../workflows/holder/types';
import { admissionSignal } from '../../workflows/messages';
import { holderWorkflowId, hostRef } from '../../workflows/names';
import { admit } from '../../workflows/rules/presence';
import { principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { hostView } from '../host-view';
import { ApiProblem } from '../problems';
import { PROBLEMS } from '../route-docs';
import type { Principal } from '../tokens';

const ORDERS = {
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

const params = z.object({ id: holderIdSchema });

/** Durable in the holder's workflow: it outlives every process, and applies to all who serve the host. */
export function hostsAdmission(app: App, ctx: ApiContext) {
  for (const [order, [summary, description]] of Object.entries(ORDERS)) {
    app.post(
      `/hosts/:id/${order}`,
      {
        config: { access: STAFF },
        schema: {
          summary,
          description,
          tags: ['holders'],
          params,
          body: admissionOrderSchema,
          response: { 200: hostViewSchema, ...PROBLEMS },
        },
      },
      async (request) => {
        const principal = principalOf(request);
        const host = await findHost(ctx, principal, request.params.id);
        const message = {
          order: order as AdmissionOrder['order'],
          by: principal.sub,
          reason: request.body?.reason ?? null,
        };
        await send(ctx, request.params.id, message);
        const now = Date.now();
        const held = (await ctx.holds()).get(hostRef(request.params.id)) ?? [];
        return hostView({ ...host, ...admit(host, message, now) }, held, held.length, now);
      },
    );
  }
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

async function send({ client }: ApiContext, id: string, order: AdmissionOrder): Promise<void> {
  const handle = client.workflow.getHandle(holderWorkflowId(hostRef(id)));
  await within(client, ENGINE_MS, () => handle.signal(admissionSignal, order));
}

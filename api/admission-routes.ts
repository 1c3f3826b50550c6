/** cordon, uncordon and drain: the same for hosts and agents. */
import { z } from 'zod';
import { admissionOrderSchema } from '../contracts/api';
import type { HolderView } from '../contracts/holder';
import { holderIdSchema } from '../contracts/ids';
import type { HolderRef } from '../contracts/task';
import type { KnownHolder } from '../dispatch/directory';
import type { AdmissionOrder } from '../workflows/holder/types';
import { admissionSignal } from '../workflows/messages';
import { holderWorkflowId } from '../workflows/names';
import { admit } from '../workflows/rules/presence';
import { principalOf, STAFF } from './auth';
import type { ApiContext, App } from './context';
import { ENGINE_MS, within } from './deadline';
import { PROBLEMS } from './route-docs';
import type { Principal } from './tokens';

type Order = AdmissionOrder['order'];

export interface Admitted {
  /** First segment of the path. */
  family: 'hosts' | 'agents';
  /** Summary and description of each. */
  words: Record<Order, readonly [summary: string, description: string]>;
  answer: z.ZodType;
  refOf(id: string): HolderRef;
  /** Throws when the caller may not give this order now. */
  find(ctx: ApiContext, principal: Principal, id: string, order: Order): Promise<KnownHolder>;
  view(ctx: ApiContext, principal: Principal, holder: KnownHolder): Promise<HolderView>;
}

export const holderParams = z.object({ id: holderIdSchema });

/** Durable in the holder's workflow: it outlives every process, and applies to all who serve the holder. */
export function admissionRoutes(app: App, ctx: ApiContext, kind: Admitted) {
  for (const [order, [summary, description]] of Object.entries(kind.words) as Array<
    [Order, [string, string]]
  >) {
    app.post(
      `/${kind.family}/:id/${order}`,
      {
        config: { access: STAFF },
        schema: {
          summary,
          description,
          tags: ['holders'],
          params: holderParams,
          body: admissionOrderSchema,
          response: { 200: kind.answer, ...PROBLEMS },
        },
      },
      async (request) => {
        const principal = principalOf(request);
        const { id } = request.params;
        const holder = await kind.find(ctx, principal, id, order);
        const message = { order, by: principal.sub, reason: request.body?.reason ?? null };
        const handle = ctx.client.workflow.getHandle(holderWorkflowId(kind.refOf(id)));
        await within(ctx.client, ENGINE_MS, () => handle.signal(admissionSignal, message));
        ctx.directory.forget(kind.refOf(id));
        const admitted = { ...holder, ...admit(holder, message, Date.now()) };
        return kind.view(ctx, principal, admitted);
      },
    );
  }
}

import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import {
  noBodySchema,
  pageSchema,
  quarantineDecisionSchema,
  quarantinePageSchema,
} from '../../contracts/api';
import { decideQuarantineSignal } from '../../workflows/messages';
import type { QuarantineView } from '../../workflows/quarantine/types';
import { type Access, maySee, principalOf, STAFF } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { quarantineQuery } from '../list-query';
import { ApiProblem } from '../problems';
import { quarantineAnswer, wasAdopted } from '../quarantine';
import { PROBLEMS } from '../route-docs';
import { visibilityPage } from '../visibility-page';

const READERS: Access = ['viewer', 'coordinator', 'admin'];
const params = z.object({
  id: z
    .string()
    .max(255)
    .regex(/^quarantine\/\S+\/\d+\/[^/\s]+$/, 'expected quarantine/<task>/<epoch>/<completion id>'),
});

export function quarantine(app: App, ctx: ApiContext) {
  app.get(
    '/quarantine',
    {
      config: { access: READERS },
      schema: {
        summary: 'List receipts that came too late',
        tags: ['quarantine'],
        querystring: pageSchema,
        response: { 200: quarantinePageSchema, ...PROBLEMS },
      },
    },
    async (request) => {
      const query = quarantineQuery(principalOf(request).product);
      const { rows, next_page_token } = await visibilityPage(ctx, query, request.query);
      const items = rows.flatMap((row) => {
        const view = row.memo?.quarantine as QuarantineView | undefined;
        return view ? [quarantineAnswer(view)] : [];
      });
      return { items, next_page_token };
    },
  );

  for (const [verb, decision, effect] of [
    [
      'accept',
      'accepted',
      'It becomes the receipt of its task (`adopted`), as if entered by hand, while the task is open, nobody holds ' +
        'it and no newer receipt was accepted; else this is a mark, and the task stays as it is.',
    ],
    ['discard', 'discarded', 'It stays where it is, and its task as it is.'],
  ] as const) {
    app.post(
      `/quarantine/:id/${verb}`,
      {
        config: { access: STAFF },
        schema: {
          summary: `${verb === 'accept' ? 'Accept' : 'Discard'} a late receipt`,
          description: `${effect} The first decision counts: 409 \`already_decided\` for another one after it.`,
          tags: ['quarantine'],
          params,
          body: noBodySchema,
          response: { 200: quarantineDecisionSchema, ...PROBLEMS },
        },
      },
      async (request) => {
        const principal = principalOf(request);
        const view = await decide(ctx, request.params.id, decision, principal);
        const adopted = decision === 'accepted' ? await wasAdopted(ctx, view) : false;
        return { ...quarantineAnswer(view), adopted };
      },
    );
  }
}

type Decision = 'accepted' | 'discarded';

/** Throws 404, and 409 when it was decided otherwise. */
async function decide(
  ctx: ApiContext,
  id: string,
  decision: Decision,
  { sub, product }: { sub: string; product: string | null },
): Promise<QuarantineView> {
  const handle = ctx.client.workflow.getHandle(id);
  const description = await within(ctx.client, ENGINE_MS, () => handle.describe()).catch((error: unknown) => {
    throw error instanceof WorkflowNotFoundError ? notFound(id) : error;
  });
  const view = description.memo?.quarantine as QuarantineView | undefined;
  if (!view || description.type !== 'quarantine') throw notFound(id);
  if (!maySee({ product } as Parameters<typeof maySee>[0], view.product)) throw notFound(id);
  if (description.status.name === 'RUNNING' && view.decision === 'open') {
    const message = { message_id: randomUUID(), decision, by: sub };
    await within(ctx.client, ENGINE_MS, () => handle.signal(decideQuarantineSignal, message)).catch(
      ignoreClosed,
    );
  }
  const decided = (await within(ctx.client, ENGINE_MS, () => handle.result())) as QuarantineView;
  if (decided.decision === decision) return decided;
  throw new ApiProblem(409, 'already_decided', `${id} was ${decided.decision} by ${decided.decided_by}`);
}

const notFound = (id: string) => new ApiProblem(404, 'quarantine_not_found', `there is no ${id}`);

/** Somebody else decided in between: the result says what. */
function ignoreClosed(error: unknown) {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

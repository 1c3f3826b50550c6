import { z } from 'zod';
import type { ApiContext, App } from '../context';
import { within } from '../deadline';
import { PROBLEMS } from '../route-docs';
import { engineAway } from '../temporal-errors';

const READY_MS = 1_000;
const healthSchema = z.object({
  status: z.literal('healthy'),
  uptime: z.number().describe('Seconds since this process began to serve'),
  timestamp: z.iso.datetime(),
});

/** At the root, without a token. */
export function health(app: App, ctx: ApiContext) {
  const startedAt = performance.now();
  const config = { access: 'public', rateLimit: false } as const;
  const tags = ['health'];
  app.get(
    '/health',
    { config, schema: { summary: 'This process serves', tags, response: { 200: healthSchema } } },
    async () => ({
      status: 'healthy' as const,
      uptime: Math.round(performance.now() - startedAt) / 1_000,
      timestamp: new Date().toISOString(),
    }),
  );

  const readySchema = z.object({ status: z.literal('ready') });
  app.get(
    '/ready',
    {
      config,
      schema: { summary: 'The engine can be reached', tags, response: { 200: readySchema, ...PROBLEMS } },
    },
    async () => {
      const { namespace } = ctx.queries.options;
      const describe = () => ctx.queries.workflowService.describeNamespace({ namespace });
      await within(ctx.queries, READY_MS, describe).catch(() => {
        throw engineAway();
      });
      return { status: 'ready' as const };
    },
  );
}

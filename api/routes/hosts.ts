import { holdersSchema } from '../../contracts/api';
import { EVERYONE, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { holdersAnswer } from '../holders-answer';
import { PROBLEMS } from '../route-docs';

export function hosts(app: App, ctx: ApiContext) {
  app.get(
    '/hosts',
    {
      config: { access: EVERYONE },
      schema: { summary: 'List hosts', tags: ['holders'], response: { 200: holdersSchema, ...PROBLEMS } },
    },
    async (request) => holdersAnswer(ctx, principalOf(request), ctx.directory.hosts),
  );
}

import { heartbeatAnswerSchema, heartbeatSchema } from '../../contracts/lease';
import { holderSaying } from '../acting';
import { HOLDERS, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { DIRECTIVE_HEADER, directiveOf } from '../directive';
import { type RenewalRequest, renew } from '../renew';
import { PROBLEMS, taskParams } from '../route-docs';
import { tellTask } from '../tell-task';

export function heartbeat(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/heartbeat',
    {
      config: { access: HOLDERS, directive: 'task' },
      schema: {
        summary: 'Renew a lease',
        description:
          'Directive `terminate`: the lease is revoked. 409 `stale_epoch`: it is over. Stop in both cases. `quiet`: go on with this task, and take no more.',
        tags: ['leases'],
        params: taskParams,
        body: heartbeatSchema,
        response: { 200: heartbeatAnswerSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { progress, checkpoint } = request.body;
      const { holder, epoch } = holderSaying(principal, request.body);
      const renewal: RenewalRequest = {
        taskId: request.params.id,
        epoch,
        holder,
        progress: progress ?? null,
        checkpoint: checkpoint ?? null,
        product: principal.product,
        generation: principal.generation,
      };
      const answer = await renew(ctx, renewal);
      if (answer.directive === 'continue') {
        await tellTask(ctx, renewal);
        answer.directive = await directiveOf(ctx, holder);
      }
      reply.header(DIRECTIVE_HEADER, answer.directive);
      return answer;
    },
  );
}

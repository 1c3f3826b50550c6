import { heartbeatAnswerSchema, heartbeatSchema } from '../../contracts/api';
import { statusSignal } from '../../workflows/messages';
import { taskWorkflowId } from '../../workflows/names';
import { holderSaying } from '../acting';
import { HOLDERS, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { ENGINE_MS, within } from '../deadline';
import { DIRECTIVE_HEADER, directiveOf } from '../directive';
import { type RenewalRequest, renew } from '../renew';
import { PROBLEMS, taskParams } from '../route-docs';

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
      };
      const answer = await renew(ctx, renewal);
      if (answer.directive === 'continue') {
        await announce(ctx, renewal);
        answer.directive = await directiveOf(ctx, holder);
      }
      reply.header(DIRECTIVE_HEADER, answer.directive);
      return answer;
    },
  );
}

/** The first renewal says that the holder is at work. The id makes a second message of another process void. */
async function announce(ctx: ApiContext, { taskId, epoch, holder }: RenewalRequest) {
  const lease = ctx.leases.get(taskId, epoch);
  if (!lease || lease.announced) return;
  const handle = ctx.client.workflow.getHandle(taskWorkflowId(taskId));
  const message = {
    message_id: `running-${epoch}`,
    epoch,
    holder,
    status: 'running',
    message: null,
  } as const;
  // The renewal counts, whatever becomes of this: the next one says it again.
  await within(ctx.client, ENGINE_MS, () => handle.signal(statusSignal, message)).then(
    () => ctx.leases.set(taskId, epoch, { ...lease, announced: true }),
    () => undefined,
  );
}

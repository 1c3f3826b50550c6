import { completedSchema, pendingSchema } from '../../contracts/api';
import { completeSchema } from '../../contracts/lease';
import type { Receipt } from '../../contracts/receipt';
import { completeSignal } from '../../workflows/messages';
import type { CompleteMessage } from '../../workflows/task/message-types';
import { senderOf } from '../acting';
import { type Access, actingAgent, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { fenceKilled } from '../fence-killed';
import { gone } from '../gone';
import { ApiProblem } from '../problems';
import { quarantineClosed } from '../quarantine';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';
import { takeNext } from '../take-next';

const ACCESS: Access = ['agent', 'lease', 'coordinator', 'admin'];
/** A receipt travels with the state of its task, all of which has to fit into 2 MiB. */
const RECEIPT_MAX_BYTES = 262_144;

export function complete(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/complete',
    {
      config: { access: ACCESS, directive: 'task' },
      schema: {
        summary: 'Hand in a receipt',
        description:
          '200: accepted. 202: durable, yet no worker has answered. 409 `stale_epoch` and 410 `closed`: the receipt ' +
          'is kept in quarantine under `quarantine_id`. The same `completion_id` again gets the first answer. ' +
          'With `next`, a 200 brings the next task along.',
        tags: ['leases'],
        params: taskParams,
        body: completeSchema,
        response: { 200: completedSchema, 202: pendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { receipt, completion_id, next } = request.body;
      const principal = principalOf(request);
      const { holder, epoch, manual } = senderOf(principal, request.body);
      assertSize(receipt);
      if (next && manual) throw noAgent();
      await guardProduct(ctx, principal, id);
      await fenceKilled(ctx, { taskId: id, epoch, holder, generation: principal.generation });
      const message: CompleteMessage = { message_id: completion_id, epoch, holder, receipt, manual };
      const answer = await sendMessage(ctx, id, completeSignal, message, (reading) =>
        quarantineClosed(ctx, id, message, reading),
      );
      if (!next || answer.code !== 200) return send(reply, answer);
      const agentId = actingAgent(principal, request.body.agent_id);
      const wanted = { principal, agentId, completionId: completion_id, next };
      const taken = await takeNext(ctx, wanted, gone(reply.raw, ctx.closing), request.log);
      return reply.code(200).send({ ...answer.body, next: taken });
    },
  );
}

const noAgent = () =>
  new ApiProblem(
    422,
    'no_agent',
    'body: next: expected an agent that takes it, got a receipt entered by hand',
    {
      errors: [{ field: 'next', got: 'object', expected: 'nothing in a receipt that is entered by hand' }],
    },
  );

function assertSize(receipt: Receipt) {
  const bytes = Buffer.byteLength(JSON.stringify(receipt));
  if (bytes <= RECEIPT_MAX_BYTES) return;
  const expected = `at most ${RECEIPT_MAX_BYTES} bytes of JSON`;
  throw new ApiProblem(422, 'invalid_receipt', `receipt: expected ${expected}, got ${bytes}`, {
    errors: [{ field: 'receipt', got: `${bytes} bytes of JSON`, expected }],
  });
}

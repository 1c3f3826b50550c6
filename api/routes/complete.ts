import { completeSchema, pendingSchema, taskAnswerSchema } from '../../contracts/api';
import type { Receipt } from '../../contracts/receipt';
import { completeSignal } from '../../workflows/messages';
import type { CompleteMessage } from '../../workflows/task/message-types';
import { senderOf } from '../acting';
import { type Access, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { fenceKilled } from '../fence-killed';
import { ApiProblem } from '../problems';
import { quarantineClosed } from '../quarantine';
import { PROBLEMS, taskParams } from '../route-docs';
import { guardProduct, send, sendMessage } from '../send-message';

const ACCESS: Access = ['agent', 'coordinator', 'admin'];
/** A receipt travels with the state of its task, all of which has to fit into 2 MiB. */
const RECEIPT_MAX_BYTES = 262_144;

export function complete(app: App, ctx: ApiContext) {
  app.post(
    '/tasks/:id/complete',
    {
      config: { access: ACCESS },
      schema: {
        summary: 'Hand in a receipt',
        description:
          '200: accepted. 202: durable, yet no worker has answered. 409 `stale_epoch` and 410 `closed`: the receipt ' +
          'is kept in quarantine under `quarantine_id`. The same `completion_id` again gets the first answer.',
        tags: ['leases'],
        params: taskParams,
        body: completeSchema,
        response: { 200: taskAnswerSchema, 202: pendingSchema, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { agent_id, epoch, receipt, completion_id } = request.body;
      const principal = principalOf(request);
      const { holder, manual } = senderOf(principal, agent_id);
      assertSize(receipt);
      await guardProduct(ctx, principal, id);
      await fenceKilled(ctx, { taskId: id, epoch, holder, generation: principal.generation });
      const message: CompleteMessage = { message_id: completion_id, epoch, holder, receipt, manual };
      const answer = await sendMessage(ctx, id, completeSignal, message, (reading) =>
        quarantineClosed(ctx, id, message, reading),
      );
      return send(reply, answer);
    },
  );
}

function assertSize(receipt: Receipt) {
  const bytes = Buffer.byteLength(JSON.stringify(receipt));
  if (bytes <= RECEIPT_MAX_BYTES) return;
  const expected = `at most ${RECEIPT_MAX_BYTES} bytes of JSON`;
  throw new ApiProblem(422, 'invalid_receipt', `receipt: expected ${expected}, got ${bytes}`, {
    errors: [{ field: 'receipt', got: `${bytes} bytes of JSON`, expected }],
  });
}

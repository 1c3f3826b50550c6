import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { appendLogSchema, LOG_CHUNK_MAX_BYTES, logAppendedSchema } from '../../contracts/lease';
import { holderSaying } from '../acting';
import { appendLog } from '../append-log';
import { HOLDERS, principalOf } from '../auth';
import type { ApiContext, App } from '../context';
import { outputOfHolder } from '../output-of-holder';
import { PROBLEMS, taskParams } from '../route-docs';
import { validatorCompiler } from '../validation';

const TYPES = ['text/plain', 'application/octet-stream'];

/** The body is bytes, whatever they are: only the rest of the request is checked. */
const compiler: FastifySchemaCompiler<z.ZodType> = (part) =>
  part.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(part);

export function taskLogs(app: App, ctx: ApiContext) {
  // In a scope of its own, because here alone a body is not JSON.
  void app.register(async (instance) => {
    const scope = instance as App;
    scope.setValidatorCompiler(compiler);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(TYPES, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    scope.post(
      '/tasks/:id/logs',
      {
        config: { access: HOLDERS, directive: 'task' },
        bodyLimit: LOG_CHUNK_MAX_BYTES,
        schema: {
          summary: 'Append to the output of an attempt',
          description:
            'Readable at once by GET /tasks/{id}/output. Bytes that are there already are skipped, so a repeat is ' +
            'harmless. 416 `log_gap`: send from `expected_offset` on, which is also in the header ' +
            '`signalbox-expected-offset`. An empty body asks for `next_offset`. 413 `log_full` beyond 256 MiB.',
          tags: ['leases'],
          params: taskParams,
          querystring: appendLogSchema,
          consumes: TYPES,
          body: z.string().describe('Bytes, at most 1 MiB of them'),
          response: { 200: logAppendedSchema, ...PROBLEMS },
        },
      },
      async (request) => {
        const principal = principalOf(request);
        const { offset } = request.query;
        const { holder, epoch } = holderSaying(principal, request.query);
        const ref = await outputOfHolder(ctx, {
          taskId: request.params.id,
          epoch,
          holder,
          product: principal.product,
          generation: principal.generation,
        });
        const body: unknown = request.body;
        const chunk = Buffer.isBuffer(body) ? body : new Uint8Array();
        return { next_offset: await appendLog(ctx.blobs, ref, offset, chunk) };
      },
    );
  });
}

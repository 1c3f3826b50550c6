import { Readable } from 'node:stream';
import { z } from 'zod';
import type { TaskReport } from '../../workflows/task/types';
import { assertVisible, EVERYONE, principalOf } from '../auth';
import { byteRange } from '../byte-range';
import type { ApiContext, App } from '../context';
import { ApiProblem } from '../problems';
import { readTask } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { noWorker } from '../temporal-errors';

const querystring = z.strictObject({
  epoch: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Of the attempt; default: the latest with output'),
});
const text = (description: string) => ({ description, content: { 'text/plain': { schema: z.string() } } });

export function taskOutput(app: App, ctx: ApiContext) {
  app.get(
    '/tasks/:id/output',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'What an attempt wrote, as text',
        description: 'Takes a Range header for a part: 206, or 416 when there is no such part.',
        tags: ['tasks'],
        params: taskParams,
        querystring,
        response: { 200: text('The whole output'), 206: text('The part asked for'), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { product, report, running } = await readTask(ctx, id);
      assertVisible(principalOf(request), id, product);
      if (!report && running) throw noWorker();
      const { ref, size } = await findOutput(ctx, report ? outputRefs(report, request.query.epoch) : []);
      const range = byteRange(request.headers.range, size);
      if (range === 'unsatisfiable') {
        throw new ApiProblem(416, 'range_not_satisfiable', `the output has ${size} bytes`, {
          headers: { 'content-range': `bytes */${size}` },
        });
      }
      const slice = range === 'whole' ? { start: 0, end: size } : range;
      const chunks = await ctx.blobs.stream(ref, slice);
      if (!chunks) throw new ApiProblem(404, 'no_output', 'the output is gone');
      if (range !== 'whole') reply.header('content-range', `bytes ${slice.start}-${slice.end - 1}/${size}`);
      return reply
        .code(range === 'whole' ? 200 : 206)
        .header('accept-ranges', 'bytes')
        .header('content-length', slice.end - slice.start)
        .type('text/plain; charset=utf-8')
        .send(Readable.from(chunks) as never);
    },
  );
}

/** The output of a run on a host is there while it grows, and named before the attempt has ended. */
function outputRefs({ view }: TaskReport, epoch: number | undefined): string[] {
  return view.attempts
    .filter((attempt) => epoch === undefined || attempt.epoch === epoch)
    .toReversed()
    .flatMap(({ output_ref }) => output_ref ?? []);
}

async function findOutput({ blobs }: Pick<ApiContext, 'blobs'>, refs: string[]) {
  for (const ref of refs) {
    const size = await blobs.size(ref);
    if (size !== null) return { ref, size };
  }
  throw new ApiProblem(404, 'no_output', 'no such attempt, or it has no output');
}

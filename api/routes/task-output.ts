import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AttemptWatch } from '../attempt-watch';
import { assertVisible, EVERYONE, principalOf } from '../auth';
import { byteRange } from '../byte-range';
import type { ApiContext, App } from '../context';
import { findGrowingOutput, findOutput, type OutputChoice } from '../find-output';
import { followOutput } from '../follow-output';
import { followerConnection } from '../follower-connection';
import { Followers } from '../followers';
import { ApiProblem } from '../problems';
import { readTask, type TaskReading } from '../read-task';
import { PROBLEMS, taskParams } from '../route-docs';
import { noWorker } from '../temporal-errors';

/** For a reader of a followed output to take a byte of what waits for it. */
const STALLED_MS = 75_000;

const querystring = z.strictObject({
  epoch: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Of the attempt; default: the latest with output; with `follow`, one that runs goes first'),
  stream: z.enum(['stdout', 'stderr']).default('stdout'),
  follow: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Go on as the output grows, until the attempt is over; not together with Range'),
});
const text = (description: string) => ({ description, content: { 'text/plain': { schema: z.string() } } });

export function taskOutput(app: App, ctx: ApiContext) {
  const followers = new Followers();
  app.get(
    '/tasks/:id/output',
    {
      config: { access: EVERYONE },
      schema: {
        summary: 'What an attempt wrote, as text',
        description:
          'Takes a Range header for a part: 206, or 416 when there is no such part. With `follow=true` the ' +
          'answer has no length and goes on while the attempt writes; it ends when the attempt is over, and is ' +
          'cut off (an incomplete chunked body) when the server stops.',
        tags: ['tasks'],
        params: taskParams,
        querystring,
        response: { 200: text('The whole output'), 206: text('The part asked for'), ...PROBLEMS },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { epoch, stream: wanted, follow } = request.query;
      const choice = { epoch, stream: wanted };
      const { range } = request.headers;
      if (follow === 'true' && range !== undefined) {
        throw new ApiProblem(400, 'range_with_follow', 'an output is followed whole: send no Range');
      }
      const reading = await readTask(ctx, id);
      assertVisible(principalOf(request), id, reading.product);
      if (!reading.report && reading.running) throw noWorker();
      const stream =
        follow === 'true'
          ? await growing(ctx, reading, { id, choice, reply, head: request.method === 'HEAD', followers })
          : await written(ctx, reading, { choice, range, reply });
      return reply.type('text/plain; charset=utf-8').send(stream as never);
    },
  );
}

interface Written {
  choice: OutputChoice;
  range: string | undefined;
  reply: FastifyReply;
}

async function written(
  { blobs }: ApiContext,
  reading: TaskReading,
  { choice, range: asked, reply }: Written,
) {
  const { ref, size } = await findOutput(blobs, reading, choice);
  const range = byteRange(asked, size);
  if (range === 'unsatisfiable') {
    throw new ApiProblem(416, 'range_not_satisfiable', `the output has ${size} bytes`, {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  const slice = range === 'whole' ? { start: 0, end: size } : range;
  const chunks = await blobs.stream(ref, slice);
  if (!chunks) throw new ApiProblem(404, 'no_output', 'the output is gone');
  if (range !== 'whole') reply.header('content-range', `bytes ${slice.start}-${slice.end - 1}/${size}`);
  reply
    .code(range === 'whole' ? 200 : 206)
    .header('accept-ranges', 'bytes')
    .header('content-length', slice.end - slice.start);
  return Readable.from(chunks);
}

interface Growing {
  id: string;
  choice: OutputChoice;
  reply: FastifyReply;
  head: boolean;
  followers: Followers;
}

async function growing(ctx: ApiContext, reading: TaskReading, growing: Growing) {
  const { id, choice, reply, head, followers } = growing;
  const { ref, epoch } = await findGrowingOutput(ctx.blobs, reading, choice);
  // For proxies that would hold lines back until they have many.
  reply.code(200).header('accept-ranges', 'none').header('x-accel-buffering', 'no');
  if (head) return Readable.from([]);
  followers.assertRoom();
  const signal = followerConnection(reply.raw, { closing: ctx.closing, stalledMs: STALLED_MS });
  const watch = followers.join(ref, signal, () => new AttemptWatch(epoch, () => readTask(ctx, id), reading));
  return Readable.from(followOutput(ctx.blobs, { ref, watch, signal }));
}

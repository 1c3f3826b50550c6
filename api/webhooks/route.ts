/** What forges tell: verified, reduced, and durable before it is answered. At the root, without a token. */
import type { FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { forgeKindSchema, sourceNameSchema } from '../../contracts/forge';
import type { ApiContext, App } from '../context';
import { ApiProblem } from '../problems';
import { PROBLEMS } from '../route-docs';
import { validatorCompiler } from '../validation';
import { type Announced, announced } from './announced';
import { eventOf } from './event-of';
import { startDelivery } from './start-delivery';
import { verifiedPayload } from './verified-payload';

/** The most that GitHub sends; Forgejo and Gitea stay below. */
const BODY_LIMIT_BYTES = 26_214_400;
/** Of one address. Far above what a forge sends: Forgejo and Gitea send nothing twice, and one refused is lost. */
const RATE_LIMIT = { max: 6_000, timeWindow: 60_000, keyGenerator: ({ ip }: FastifyRequest) => ip };

const TYPES = ['application/json', 'application/x-www-form-urlencoded'];

const paramsSchema = z.object({ kind: forgeKindSchema, source: sourceNameSchema });
const takenSchema = z.object({
  delivery_id: z.string(),
  result: z
    .enum(['queued', 'known', 'ignored'])
    .describe('`known`: it came before; `ignored`: nothing that matters here'),
});

/** The signature is over bytes: only the rest of the request is checked here. */
const compiler: FastifySchemaCompiler<z.ZodType> = (part) =>
  part.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(part);

declare module 'fastify' {
  interface FastifyRequest {
    announced: Announced | null;
  }
}

export function webhooks(app: App, ctx: ApiContext) {
  // In a scope of its own, because here alone a body is not parsed before it is verified.
  void app.register(async (instance) => {
    const scope = instance as App;
    scope.setValidatorCompiler(compiler);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(TYPES, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    scope.decorateRequest('announced', null);
    scope.post(
      '/webhooks/:kind/:source',
      {
        config: { access: 'public', rateLimit: RATE_LIMIT },
        bodyLimit: BODY_LIMIT_BYTES,
        // Before the body is read: nobody without a signature makes this server hold 25 MB.
        preParsing: async (request, _reply, body) => {
          request.announced = announced(ctx.webhooks, request);
          return body;
        },
        schema: {
          summary: 'Take a delivery of a forge',
          description:
            'For the webhooks of Forgejo, Gitea and GitHub, signed with the secret of the source (HMAC-SHA256). 202: ' +
            'durable, and will be handled once, however often it is delivered. 401 without a good signature, 404 when ' +
            'there is no such source of this kind, 413 beyond 25 MB.',
          tags: ['webhooks'],
          security: [],
          params: paramsSchema,
          consumes: TYPES,
          body: z.looseObject({}).describe('As the forge sends it'),
          response: { 202: takenSchema, ...PROBLEMS },
        },
      },
      async (request, reply) => {
        const from = request.announced;
        if (!from) throw new ApiProblem(404, 'source_not_found', 'there is no such source');
        const receivedAt = Date.now();
        const payload = verifiedPayload(from, request.headers['content-type'], request.body);
        const event = eventOf(from, payload, receivedAt);
        const result =
          event === null
            ? 'ignored'
            : await startDelivery(ctx, {
                source: from.source,
                delivery_id: from.deliveryId,
                received_at: receivedAt,
                event,
              });
        return reply.code(202).send({ delivery_id: from.deliveryId, result });
      },
    );
  });
}

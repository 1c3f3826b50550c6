/** Builds the server; server.ts listens. */
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { registerAuth } from './auth';
import type { ApiContext, App } from './context';
import { orAfter, within } from './deadline';
import { registerDirective } from './directive';
import { answerError, registerErrors } from './error-handler';
import { fleetRoutes } from './fleet/routes';
import { type RateLimit, registerHardening } from './hardening';
import { registerOpenApi } from './openapi';
import { registerRequestLog } from './request-log';
import { apiRoutes } from './routes/all';
import { health } from './routes/health';
import { BASE, encodeIdSlashes, FLEET_BASE } from './task-path';
import { validatorCompiler } from './validation';
import { webhooks } from './webhooks/route';

/** A prompt of 1 MiB of characters, escaped as JSON. */
const BODY_LIMIT_BYTES = 2_097_152;
/** For a request to come in whole; long polls begin after that. */
const REQUEST_MS = 30_000;
/** A connection on which nothing happens; above the longest poll of 50 s. */
const CONNECTION_MS = 75_000;
/** Above the idle timeout of usual proxies, so that they close first. */
const KEEP_ALIVE_MS = 72_000;
/** An id of 140 characters, percent-encoded, and more for those of quarantine. */
const MAX_PARAM_LENGTH = 1_024;
/** How long a token of an unknown generation waits for the engine before it is accepted. */
const GENERATION_MS = 1_000;

export interface AppOptions {
  logger: FastifyBaseLogger;
  /** null: none. */
  rateLimit: RateLimit | null;
}

export async function buildApp(ctx: ApiContext, { logger, rateLimit }: AppOptions): Promise<App> {
  const app: App = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: CONNECTION_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    rewriteUrl: (request) => encodeIdSlashes(request.url ?? '/'),
    frameworkErrors: answerError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain');
  acceptEmptyJson(app);
  registerErrors(app);
  registerRequestLog(app);
  await registerHardening(app, rateLimit);
  registerAuth(app, {
    tokens: ctx.tokens,
    generation: (agentId) => {
      const known = within(ctx.client, GENERATION_MS, () => ctx.directory.generation(agentId)).catch(
        () => null,
      );
      return orAfter(GENERATION_MS, known, null);
    },
  });
  registerDirective(app, ctx);
  await registerOpenApi(app);
  health(app, ctx);
  webhooks(app, ctx);
  await app.register(async (api) => apiRoutes(api as App, ctx), { prefix: BASE });
  await app.register(async (fleet) => fleetRoutes(fleet as App, ctx), { prefix: FLEET_BASE });
  return app;
}

/** Clients that always name the content type send it with no body too, as to /cancel. */
function acceptEmptyJson(app: App) {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

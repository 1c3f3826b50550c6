/** OpenAPI 3.1, made from the zod schemas of the routes, and a page to browse it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { App } from './context';
import { BASE } from './task-path';

export const DOCS = `${BASE}/docs`;

export async function registerOpenApi(app: App) {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Signalbox',
        description:
          'Orchestrates a fleet of coding agents. Errors are problem details (RFC 9457) with a stable `code`. ' +
          'A task id may stand in a path percent-encoded or with raw slashes.',
        version: '1',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: DOCS,
    staticCSP:
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    uiConfig: { url: `${BASE}/openapi.json`, persistAuthorization: false, tryItOutEnabled: true },
  });
  app.get(
    `${BASE}/openapi.json`,
    { config: { access: 'public' }, schema: { hide: true } },
    async (_, reply) => reply.type('application/json').send(app.swagger() as never),
  );
}

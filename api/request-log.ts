import type { App } from './context';

/** One line for each answer. Never a header, a query or a body: they hold tokens and prompts. */
export function registerRequestLog(app: App) {
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, principal } = request;
    request.log.debug(
      {
        method,
        route: routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        by: principal && `${principal.role}:${principal.sub}`,
      },
      'answered',
    );
  });
}

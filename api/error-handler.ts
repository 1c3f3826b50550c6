/** The one place where an error becomes an answer. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblem, sendProblem } from './problems';
import { temporalProblem } from './temporal-errors';

/** Errors of the framework: code → [status, stable code, detail]. */
const FRAMEWORK: Record<string, [number, string, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported_media_type', 'expected content-type application/json'],
  FST_ERR_CTP_INVALID_TYPE: [415, 'unsupported_media_type', 'expected content-type application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large', 'the body is larger than this server takes'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'invalid_request', 'the body is not as long as announced'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'invalid_json', 'the body is not JSON'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'invalid_json', 'the body is empty'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'path_too_long', 'a part of the path is longer than any id'],
  FST_ERR_BAD_URL: [400, 'invalid_path', 'the path is not properly percent-encoded'],
};

export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  const temporal = temporalProblem(error);
  if (temporal) return temporal;
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? FRAMEWORK[code] : undefined;
  if (known) return new ApiProblem(...known);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new ApiProblem(statusCode, 'invalid_request', 'the request was refused');
  }
  return new ApiProblem(500, 'internal_error', 'an error of this server; its log has more');
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const problem = toProblem(error);
  if (problem.statusCode === 500) request.log.error({ err: error }, 'request failed');
  else if (problem.statusCode > 500) request.log.warn({ code: problem.code }, 'request not served');
  return sendProblem(reply, problem);
}

export function registerErrors(app: FastifyInstance) {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new ApiProblem(404, 'not_found', `there is no ${request.method} on this path`)),
  );
}

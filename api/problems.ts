/** Errors as RFC 9457 problem details. `code` never changes its meaning; `detail` is for people. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { FieldError, Problem } from '../contracts/api';

export interface ProblemExtras {
  errors?: FieldError[];
  /** In seconds: sent as Retry-After. */
  retryAfterS?: number;
  /** More members of the body, such as `quarantine_id`. */
  members?: Record<string, string | number | null>;
  headers?: Record<string, string>;
}

/** Thrown by a route and answered as it is by the error handler. */
export class ApiProblem extends Error {
  readonly statusCode: number;
  readonly code: string;
  readonly extras: ProblemExtras;

  constructor(statusCode: number, code: string, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.name = 'ApiProblem';
    this.statusCode = statusCode;
    this.code = code;
    this.extras = extras;
  }
}

/** A caller that waits this long finds an engine or a worker that restarted in the meantime. */
const RETRY_AFTER_S = 2;

export const unavailable = (code: 'engine_unavailable' | 'no_worker' | 'overloaded', detail: string) =>
  new ApiProblem(503, code, detail, { retryAfterS: RETRY_AFTER_S });

export const taskNotFound = (id: string) => new ApiProblem(404, 'task_not_found', `there is no task ${id}`);

export function problemBody(problem: ApiProblem): Problem {
  const { statusCode: status, code, message: detail, extras } = problem;
  return {
    type: `urn:signalbox:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail,
    ...(extras.errors && { errors: extras.errors }),
    ...extras.members,
  };
}

/** Sends text, so that the serializer of the route, which knows only its own answers, stays out. */
export function sendProblem(reply: FastifyReply, problem: ApiProblem) {
  const { retryAfterS, headers } = problem.extras;
  if (retryAfterS !== undefined) reply.header('retry-after', String(retryAfterS));
  return reply
    .code(problem.statusCode)
    .headers(headers ?? {})
    .type('application/problem+json; charset=utf-8')
    .serializer((text: string) => text)
    .send(JSON.stringify(problemBody(problem)));
}

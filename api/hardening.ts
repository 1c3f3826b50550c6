/** Headers, limits and what happens under too much load. */
import { createHash } from 'node:crypto';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { App } from './context';
import { ApiProblem, sendProblem, unavailable } from './problems';

export interface RateLimit {
  /** Requests of one token (or one address without a token) in the window. */
  max: number;
  windowMs: number;
}

/** Far above what an honest fleet sends; stops a loop that ran away. */
export const RATE_LIMIT: RateLimit = { max: 60_000, windowMs: 60_000 };
/** Mean delay of the event loop, in milliseconds, beyond which heartbeats would come too late. */
const MAX_LOOP_DELAY_MS = 2_000;

export async function registerHardening(app: App, limit: RateLimit | null) {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    // Answers are for programs on other origins as well, which still need a token.
    crossOriginResourcePolicy: { policy: 'cross-origin' },
  });
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_LOOP_DELAY_MS,
    pressureHandler: (_request, reply) => {
      sendProblem(reply, unavailable('overloaded', 'this server is overloaded'));
    },
  });
  if (!limit) return;
  await app.register(rateLimit, {
    max: limit.max,
    timeWindow: limit.windowMs,
    keyGenerator: ({ headers, ip }) =>
      headers.authorization ? createHash('sha256').update(headers.authorization).digest('base64') : ip,
    errorResponseBuilder: (_request, { ttl, max }) =>
      new ApiProblem(429, 'rate_limited', `more than ${max} requests in ${limit.windowMs} ms`, {
        retryAfterS: Math.ceil(ttl / 1_000),
      }),
  });
}

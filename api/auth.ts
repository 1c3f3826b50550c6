/** Who calls, and may they. Runs before a body is read. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RoleName } from '../contracts/api';
import { ApiProblem, taskNotFound } from './problems';
import { BASE } from './task-path';
import type { Principal, Tokens } from './tokens';

/** Who may call a route; `public` needs no token. `lease`: whoever holds the task that the path names. */
export type Access = ReadonlyArray<RoleName | 'lease'> | 'public';

export const EVERYONE: Access = ['viewer', 'agent', 'coordinator', 'admin'];
export const STAFF: Access = ['coordinator', 'admin'];
export const WORKERS: Access = ['agent', 'admin'];
/** For messages about an attempt. */
export const HOLDERS: Access = ['agent', 'lease', 'admin'];

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    principal: Principal | null;
  }
}

export interface AuthDeps {
  tokens: Tokens;
  /** Generation of the tokens of an agent; null when nothing is known of it, which refuses nobody. */
  generation: (agentId: string) => number | null | Promise<number | null>;
}

export function registerAuth(app: FastifyInstance, { tokens, generation }: AuthDeps) {
  app.decorateRequest('principal', null);
  app.addHook('onRoute', (route) => {
    const open = route.config?.access === 'public' || !route.url.startsWith(BASE);
    if (!open && !route.config?.access && !route.url.startsWith(`${BASE}/docs`)) {
      throw new Error(`route ${route.url} does not say who may call it`);
    }
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access;
    if (!access || access === 'public') return;
    request.principal = await authenticate(request.headers.authorization);
    if (!access.includes(request.principal.role)) {
      throw new ApiProblem(403, 'forbidden', `a token of role ${request.principal.role} may not do this`);
    }
    assertOwnTask(request.principal, request.params);
  });

  async function authenticate(header: string | undefined): Promise<Principal> {
    const token = /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
    if (!token) throw unauthorized('token_missing', 'expected the header Authorization: Bearer <token>');
    const principal = await tokens.verify(token);
    if (!principal) throw unauthorized('token_invalid', 'the token is not one of this server');
    // A lease is revoked by its epoch, which its task knows.
    if (principal.generation !== null && !principal.lease) {
      const current = await generation(principal.sub);
      if (current !== null && principal.generation < current) {
        throw unauthorized('token_revoked', `tokens of ${principal.sub} issued before have been revoked`);
      }
    }
    return principal;
  }
}

function assertOwnTask({ lease }: Principal, params: unknown) {
  if (!lease || (params as { id?: string } | undefined)?.id === lease.taskId) return;
  throw new ApiProblem(403, 'wrong_task', `this lease token is for the task ${lease.taskId} alone`);
}

const unauthorized = (code: string, detail: string) =>
  new ApiProblem(401, code, detail, { headers: { 'www-authenticate': 'Bearer realm="signalbox"' } });

/** The caller of a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal)
    throw unauthorized('token_missing', 'expected the header Authorization: Bearer <token>');
  return request.principal;
}

/** The agent that the caller speaks as: an agent only as itself, an admin as any. Throws 403. */
export function actingAgent(principal: Principal, agentId: string | undefined): string {
  if (principal.role === 'admin') return agentId ?? principal.sub;
  if (agentId !== undefined && agentId !== principal.sub) {
    throw new ApiProblem(403, 'wrong_agent', `this token speaks for ${principal.sub}, not for ${agentId}`);
  }
  return principal.sub;
}

export const maySee = (principal: Principal, product: string) =>
  principal.product === null || principal.product === product;

/** A task of another product is answered like one that is not there. */
export function assertVisible(principal: Principal, taskId: string, product: string) {
  if (!maySee(principal, product)) throw taskNotFound(taskId);
}

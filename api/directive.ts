/**
 * What a holder is told in every answer. `terminate` is about the task of the message: stop, do not push. `quiet` is
 * about the agent: go on with what you have, take no more.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Directive } from '../contracts/lease';
import type { HolderRef } from '../contracts/task';
import { agentRef } from '../workflows/names';
import { directiveTo } from './admission';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';

export const DIRECTIVE_HEADER = 'signalbox-directive';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers tell a directive: to the holder of the task that the path names, or to an agent that asks for work. */
    directive?: 'task' | 'agent';
  }
}

/** The task is not the caller's any more, whatever it says. */
const OVER = new Set([404, 409, 410, 423]);

/** At most some seconds behind. Never rejects: what is not known stops nobody. */
export async function directiveOf(
  { client, directory }: Pick<ApiContext, 'client' | 'directory'>,
  holder: HolderRef,
): Promise<Directive> {
  try {
    return directiveTo(await within(client, ENGINE_MS, () => directory.remembered(holder)));
  } catch {
    return 'continue';
  }
}

/** null: nothing to tell, because the answer is no verdict on anything. */
export function verdictOf(status: number, about: 'task' | 'agent'): Directive | null | 'of the agent' {
  if (status < 300) return 'of the agent';
  return about === 'task' && OVER.has(status) ? 'terminate' : null;
}

/** A route that has told its directive by itself is left alone. */
export function registerDirective(app: FastifyInstance, ctx: Pick<ApiContext, 'client' | 'directory'>) {
  app.addHook('onSend', async (request, reply) => {
    const about = request.routeOptions.config.directive;
    if (!about || reply.hasHeader(DIRECTIVE_HEADER)) return;
    const holder = agentOf(request);
    const verdict = holder && verdictOf(reply.statusCode, about);
    if (!verdict) return;
    reply.header(DIRECTIVE_HEADER, verdict === 'of the agent' ? await directiveOf(ctx, holder) : verdict);
  });
}

/** null: the caller is none, and speaks for none. */
function agentOf({ principal, body }: FastifyRequest): HolderRef | null {
  if (principal?.role === 'agent' || principal?.role === 'lease') return agentRef(principal.sub);
  const named = (body as { agent_id?: unknown } | null | undefined)?.agent_id;
  return principal?.role === 'admin' && typeof named === 'string' ? agentRef(named) : null;
}

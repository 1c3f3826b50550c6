/** The next task together with the answer to a receipt. Whatever goes wrong here leaves that answer as it is. */
import type { FastifyBaseLogger } from 'fastify';
import type { Dequeued, Next } from '../contracts/lease';
import { agentRef } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { directiveOf } from './directive';
import { takeWork } from './take-work';
import type { Principal } from './tokens';

export interface NextWanted {
  principal: Principal;
  agentId: string;
  completionId: string;
  next: Next;
}

/** null: nothing to do, or nothing that could be taken. Never rejects. */
export async function takeNext(
  ctx: ApiContext,
  { principal, agentId, completionId, next }: NextWanted,
  signal: AbortSignal,
  log: Pick<FastifyBaseLogger, 'warn'>,
): Promise<Dequeued | null> {
  try {
    // Whoever is to take no more has its answer at once.
    if ((await directiveOf(ctx, agentRef(agentId))) !== 'continue' || (await isRevoked(ctx, principal)))
      return null;
    const wanted = {
      agentId,
      bearer: principal,
      own: principal.product,
      capabilities: next.capabilities,
      // A sign that no caller may use keeps it apart from all others.
      requestId: next.request_id ?? `${completionId}#next`,
      retry: next.retry,
      leaseS: next.lease_s,
      waitMs: next.wait_ms,
      maxTasks: 1,
    };
    const [first] = await takeWork(ctx, wanted, signal);
    return first ?? null;
  } catch (err) {
    log.warn({ err }, 'a receipt was taken, but no next task could be');
    return null;
  }
}

/** A lease token is good until its epoch is over, but the right to take more ends with the tokens of its agent. */
async function isRevoked({ client, directory }: ApiContext, { lease, sub, generation }: Principal) {
  if (!lease || generation === null) return false;
  const current = await within(client, ENGINE_MS, () => directory.generation(sub));
  return current !== null && generation < current;
}

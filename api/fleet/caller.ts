/** Who calls, for which product, and as which factory. */
import type { FastifyRequest } from 'fastify';
import { taskIdSchema } from '../../contracts/ids';
import type { HolderRef } from '../../contracts/task';
import { agentRef } from '../../workflows/names';
import { actingAgent, assertVisible, principalOf } from '../auth';
import type { ApiContext } from '../context';
import { ApiProblem, taskNotFound } from '../problems';
import { readTask } from '../read-task';
import { noWorker } from '../temporal-errors';
import type { Principal } from '../tokens';

/** The header narrows what the token sees, and never widens it. Throws 403. */
export function callerOf(request: FastifyRequest): Principal {
  const principal = principalOf(request);
  const wanted = request.headers['x-product-id'];
  if (typeof wanted !== 'string' || wanted === '') return principal;
  if (principal.product !== null && principal.product !== wanted) {
    throw new ApiProblem(403, 'wrong_product', `this token is for the product ${principal.product}`);
  }
  return { ...principal, product: wanted };
}

/** What cannot be the id of a task names none: 404. */
export function jobId(id: string): string {
  if (!taskIdSchema.safeParse(id).success) throw taskNotFound(id.slice(0, 140));
  return id;
}

/** An agent is itself; an admin, who says nothing else, speaks for whoever was granted the epoch. */
export async function factoryOf(
  ctx: ApiContext,
  caller: Principal,
  about: { id: string; epoch: number; factoryId: string | undefined },
): Promise<HolderRef> {
  if (caller.role !== 'admin' || about.factoryId !== undefined) {
    return agentRef(actingAgent(caller, about.factoryId));
  }
  const reading = await readTask(ctx, about.id);
  assertVisible(caller, about.id, reading.product);
  if (!reading.report && reading.running) throw noWorker();
  const attempt = reading.report?.view.attempts.find(({ epoch }) => epoch === about.epoch);
  return attempt?.holder ?? agentRef(caller.sub);
}

/**
 * A refusal, looked at again: a factory that has ended its attempt itself is not fenced, and must not be told so.
 * Of a task that is closed, an epoch that did not end so is as stale as any: only 409 stops these runners.
 */
import type { HolderRef } from '../../contracts/task';
import type { ApiContext } from '../context';
import { toProblem } from '../error-handler';
import { ApiProblem } from '../problems';
import { readTask } from '../read-task';

/** How attempts end by the word of their holder. */
const OWN = new Set(['completed', 'failed', 'released']);

export interface About {
  id: string;
  epoch: number;
  holder: HolderRef;
}

/** How the attempt ended by its holder's own word; throws the refusal, or 409 `stale_epoch`, when it did not. */
export async function ownEnd(ctx: ApiContext, { id, epoch, holder }: About, error: unknown): Promise<string> {
  const problem = toProblem(error);
  if (problem.code !== 'stale_epoch' && problem.code !== 'closed') throw error;
  const { report } = await readTask(ctx, id);
  const attempt = report?.view.attempts.find((one) => one.epoch === epoch && one.holder === holder);
  if (attempt?.outcome != null && OWN.has(attempt.outcome)) return attempt.outcome;
  if (problem.code === 'stale_epoch') throw error;
  throw staleEpoch(epoch, problem);
}

export const staleEpoch = (epoch: number, because?: ApiProblem) =>
  new ApiProblem(409, 'stale_epoch', because?.message ?? `epoch ${epoch} is over`, because?.extras);

/** After the attempt's own end. */
export const ended = (outcome: string, asked: string, problem?: ApiProblem) =>
  new ApiProblem(422, 'illegal_stage', `this attempt has ended (${outcome}): no ${asked} after that`, {
    members: problem?.extras.members ?? {},
  });

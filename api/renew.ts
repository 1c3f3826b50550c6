/**
 * Renewal of a lease. That its activity is not found proves nothing: the engine may have been away for
 * longer than the lease. Only a newer lease, or the task itself when asked with an Update, can say that an
 * epoch is over.
 */
import { WorkflowNotFoundError } from '@temporalio/common';
import type { HeartbeatAnswer } from '../contracts/lease';
import type { Checkpoint } from '../contracts/receipt';
import type { HolderRef } from '../contracts/task';
import { renewUpdate } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import { HOLDER, TASK_STATUS } from '../workflows/search-attributes';
import type { Renewal } from '../workflows/task/message-types';
import type { ApiContext } from './context';
import { ANSWER_MS, within } from './deadline';
import { fenceKilled } from './fence-killed';
import { type Beat, leaseHeartbeat } from './lease-heartbeat';
import type { Told } from './lease-memory';
import { pendingLease, renewEveryS } from './lease-time';
import { ApiProblem, taskNotFound } from './problems';
import { describeTask, isRunning, productOf } from './read-task';

export interface RenewalRequest {
  taskId: string;
  epoch: number;
  holder: HolderRef;
  progress: string | null;
  checkpoint: Checkpoint | null;
  /** null: any. */
  product: string | null;
  /** Of the caller's token; null: of any. */
  generation: number | null;
}

/** Throws 404, 409 when the epoch is over, 410 when the task is closed, 423 when another holds it, and what the engine throws. */
export async function renew(ctx: ApiContext, request: RenewalRequest): Promise<HeartbeatAnswer> {
  const { taskId, epoch, holder } = request;
  if (await fenceKilled(ctx, request)) return answer('revoked', 0);
  const said = request.checkpoint && { checkpoint: request.checkpoint, at: Date.now() };
  const known = ctx.leases.get(taskId, epoch);
  if (known?.holder === holder) {
    if (request.product !== null && request.product !== known.product) throw taskNotFound(taskId);
    const checkpoint = said ?? known.checkpoint;
    const beat = await beatOn(ctx, request, known.activityId, checkpoint);
    // Another renewal may have changed it meanwhile.
    const latest = ctx.leases.get(taskId, epoch) ?? known;
    if (beat === 'renewed') ctx.leases.set(taskId, epoch, { ...latest, checkpoint });
    if (beat !== 'not_found') return answer(beat, known.leaseMs);
    ctx.leases.forget(taskId, epoch);
  }

  const description = await describeTask(ctx, taskId);
  const product = productOf(description);
  if (request.product !== null && request.product !== product) throw taskNotFound(taskId);
  if (!isRunning(description)) throw closed();
  const pending = pendingLease(description);
  const current = description.typedSearchAttributes.get(HOLDER) as HolderRef | undefined;
  const checkpoint = said ?? known?.checkpoint ?? (pending?.epoch === epoch ? pending.checkpoint : null);
  const remember = (activityId: string, leaseMs: number) =>
    ctx.leases.set(taskId, epoch, {
      checkpoint,
      told: known?.told ?? null,
      holder,
      product,
      activityId,
      leaseMs,
      announced: known?.announced || description.typedSearchAttributes.get(TASK_STATUS) === 'running',
    });

  if (pending && pending.epoch > epoch) throw staleEpoch(epoch, pending.epoch);
  if (pending?.epoch === epoch) {
    if (current !== undefined && current !== holder) throw notHolder();
    if (pending.cancelRequested) return answer('revoked', pending.leaseMs);
    remember(pending.activityId, pending.leaseMs);
    // Not picked up yet: the lease has not begun to run, so there is nothing to renew.
    if (!pending.started) return answer('renewed', pending.leaseMs);
    const beat = await beatOn(ctx, request, pending.activityId, checkpoint);
    if (beat !== 'not_found') return answer(beat, pending.leaseMs);
  }
  const renewal = await rearm(ctx, request);
  remember(renewal.activity_id, renewal.lease_ms);
  // The new activity may not have been picked up; its time begins when it is.
  const beat = await beatOn(ctx, request, renewal.activity_id, checkpoint);
  return answer(beat === 'revoked' ? beat : 'renewed', renewal.lease_ms);
}

const beatOn = (
  ctx: ApiContext,
  { taskId, progress }: RenewalRequest,
  activityId: string,
  told: Told | null,
) =>
  leaseHeartbeat(
    ctx,
    { taskId, activityId },
    {
      at: Date.now(),
      progress,
      checkpoint: told?.checkpoint ?? null,
      ...(told && { checkpoint_at: told.at }),
    },
  );

async function rearm(ctx: ApiContext, { taskId, epoch, holder }: RenewalRequest): Promise<Renewal> {
  const handle = ctx.client.workflow.getHandle(taskWorkflowId(taskId));
  const request = { epoch, holder, not_after: Date.now() + ANSWER_MS };
  try {
    return await within(ctx.client, ANSWER_MS, () => handle.executeUpdate(renewUpdate, { args: [request] }));
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? closed() : error;
  }
}

function answer(beat: Exclude<Beat, 'not_found'>, leaseMs: number): HeartbeatAnswer {
  const renewed = beat === 'renewed';
  return {
    expires_at: new Date(Date.now() + (renewed ? leaseMs : 0)).toISOString(),
    renew_every_s: renewEveryS(leaseMs),
    directive: renewed ? 'continue' : 'terminate',
  };
}

export const closed = () => new ApiProblem(410, 'closed', 'the task is closed');

export const staleEpoch = (epoch: number, current: number) =>
  new ApiProblem(409, 'stale_epoch', `epoch ${epoch} is over; the current epoch is ${current}`, {
    members: { current_epoch: current },
  });

export const notHolder = () => new ApiProblem(423, 'held_by_other', 'another holder has the lease');

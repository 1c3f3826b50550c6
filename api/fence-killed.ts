/**
 * A killed agent may have a lease that no sweep of the kill has seen: one that had lapsed, or one that was granted at
 * the same moment. So the kill goes before whatever it says about an attempt.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { HolderRef } from '../contracts/task';
import { revokeSignal } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, orAfter, within } from './deadline';

/** For a look at the holder; with the engine away, the message itself will say so. */
const LOOK_MS = 1_000;

export interface About {
  taskId: string;
  epoch: number;
  /** Whoever is no agent was not killed. */
  holder: string;
  /** Of the token with which the attempt was taken; null: not known. */
  generation: number | null;
}

/** True: the attempt is over, and the task has been told so, durably. Throws when it cannot be told. */
export async function fenceKilled(
  { client, directory, leases }: Pick<ApiContext, 'client' | 'directory' | 'leases'>,
  { taskId, epoch, holder, generation }: About,
): Promise<boolean> {
  if (!holder.startsWith('agent:')) return false;
  const ref = holder as HolderRef;
  const look = within(client, ENGINE_MS, () => directory.remembered(ref)).catch(() => null);
  const known = await orAfter(LOOK_MS, look, null);
  const outdated = known !== null && generation !== null && generation < known.generation;
  if (!known?.killed && !outdated) return false;
  const { id, by, reason } = known.killed ?? { id: 'tokens', by: 'its revoked token', reason: null };
  const message = { message_id: `${id}-e${epoch}`, holder: ref, epoch, by, reason, checkpoint: null };
  try {
    await within(client, ENGINE_MS, () =>
      client.workflow.getHandle(taskWorkflowId(taskId)).signal(revokeSignal, message),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  leases.forget(taskId, epoch);
  return true;
}

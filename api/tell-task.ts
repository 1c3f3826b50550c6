/** The little of renewals that the task itself is told: that its holder is at work, and how far it came. */
import type { Checkpoint } from '../contracts/receipt';
import { checkpointSignal, statusSignal } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import type { KnownLease } from './lease-memory';
import type { RenewalRequest } from './renew';

/**
 * An attempt that is ended by a time limit or a kill loses no more than this of its checkpoint, in milliseconds; a
 * lease that lapses, or is given back, loses nothing. Each telling costs the history of the task some four events.
 */
const CHECKPOINT_EVERY_MS = 60_000;

/** Whether the task is to be told of a checkpoint now: one that is new to it, and not too often. */
export function isNews({ checkpoint, told }: Pick<KnownLease, 'checkpoint' | 'told'>, now: number): boolean {
  if (checkpoint === null || (told && isSame(told.checkpoint, checkpoint.checkpoint))) return false;
  return told === null || now - told.at >= CHECKPOINT_EVERY_MS;
}

const isSame = (a: Checkpoint, b: Checkpoint) =>
  a.branch === b.branch && a.commit === b.commit && a.session_id === b.session_id;

/** The renewal counts, whatever becomes of this: the next one says it again. */
export async function tellTask(ctx: ApiContext, { taskId, epoch, holder }: RenewalRequest) {
  const lease = ctx.leases.get(taskId, epoch);
  if (!lease) return;
  const handle = ctx.client.workflow.getHandle(taskWorkflowId(taskId));
  const remember = (more: Partial<KnownLease>) => {
    const known = ctx.leases.get(taskId, epoch);
    if (known) ctx.leases.set(taskId, epoch, { ...known, ...more });
  };
  if (!lease.announced) {
    // The id makes a second message, of another process, void.
    const running = {
      message_id: `running-${epoch}`,
      epoch,
      holder,
      status: 'running',
      message: null,
    } as const;
    await within(ctx.client, ENGINE_MS, () => handle.signal(statusSignal, running)).then(
      () => remember({ announced: true }),
      () => undefined,
    );
  }
  const now = Date.now();
  if (lease.checkpoint === null || !isNews(lease, now)) return;
  const { checkpoint, at: checkpoint_at } = lease.checkpoint;
  await within(ctx.client, ENGINE_MS, () =>
    handle.signal(checkpointSignal, { epoch, holder, checkpoint, checkpoint_at }),
  ).then(
    () => remember({ told: { checkpoint, at: now } }),
    () => undefined,
  );
}

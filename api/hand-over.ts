/** A grant as its holder gets it: with the whole prompt, and with how often to renew. */
import type { Dequeued } from '../contracts/api';
import type { HolderRef, Text } from '../contracts/task';
import type { Grant } from '../workflows/task/message-types';
import type { ApiContext } from './context';
import { ApiProblem } from './problems';

export interface GrantTo {
  taskId: string;
  holder: HolderRef;
  grant: Grant;
}

/** Two renewals may be lost before a lease expires. */
const RENEWALS_PER_LEASE = 3;

export async function handOver(
  ctx: Pick<ApiContext, 'blobs' | 'leases'>,
  { taskId, holder, grant }: GrantTo,
): Promise<Dequeued> {
  const { epoch, lease_ms, activity_id, granted_at, work } = grant;
  if (!ctx.leases.get(taskId, epoch)) {
    const { product } = work;
    ctx.leases.set(taskId, epoch, {
      holder,
      product,
      activityId: activity_id,
      leaseMs: lease_ms,
      announced: false,
    });
  }
  return {
    task: { ...work, body: await textOf(ctx, work.body) },
    lease: {
      epoch,
      expires_at: new Date(granted_at + lease_ms).toISOString(),
      renew_every_s: lease_ms / RENEWALS_PER_LEASE / 1_000,
    },
  };
}

export async function textOf({ blobs }: Pick<ApiContext, 'blobs'>, text: Text): Promise<string> {
  if ('inline' in text) return text.inline;
  const bytes = await blobs.read(text.ref);
  if (!bytes)
    throw new ApiProblem(503, 'blob_missing', 'the body of the task cannot be read', { retryAfterS: 10 });
  return Buffer.from(bytes).toString('utf8');
}

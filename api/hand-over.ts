/** A grant as its holder gets it: with the whole prompt, and with how often to renew. */
import type { Dequeued } from '../contracts/lease';
import type { Change, HolderRef, Text } from '../contracts/task';
import { holderId } from '../workflows/names';
import type { Grant } from '../workflows/task/message-types';
import type { ApiContext } from './context';
import { renewEveryS } from './lease-time';
import { ApiProblem } from './problems';
import type { Principal } from './tokens';

export interface GrantTo {
  taskId: string;
  holder: HolderRef;
  grant: Grant;
}

/** What the caller's token may do goes into that of the lease. */
export type Bearer = Pick<Principal, 'product' | 'generation'>;

export async function handOver(
  ctx: Pick<ApiContext, 'blobs' | 'leases' | 'tokens'>,
  { taskId, holder, grant }: GrantTo,
  { product: scope, generation }: Bearer,
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
      checkpoint: null,
      told: null,
    });
  }
  const lease = { taskId, epoch };
  const { change: known, ...rest } = work;
  const change: Change = known ? JSON.parse(await textOf(ctx, known)) : {};
  return {
    task: {
      ...rest,
      body: await textOf(ctx, work.body),
      diff: change.diff ?? null,
      affected_files: change.affected_files ?? [],
    },
    lease: {
      token: await ctx.tokens.issueLease({ sub: holderId(holder), product: scope, generation, lease }),
      epoch,
      expires_at: new Date(granted_at + lease_ms).toISOString(),
      renew_every_s: renewEveryS(lease_ms),
    },
  };
}

export async function textOf({ blobs }: Pick<ApiContext, 'blobs'>, text: Text): Promise<string> {
  if ('inline' in text) return text.inline;
  const bytes = await blobs.read(text.ref);
  if (!bytes)
    throw new ApiProblem(503, 'blob_missing', 'the text of the task cannot be read', { retryAfterS: 10 });
  return Buffer.from(bytes).toString('utf8');
}

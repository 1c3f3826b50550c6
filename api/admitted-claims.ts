/**
 * Claims for those alone who are let in to new work. A holder may be cordoned or killed while its poll is parked here:
 * it is looked at beside the claim, so that a look costs the claim no time, and what it was granted is given up.
 */
import type { Client } from '@temporalio/client';
import type { HolderRef } from '../contracts/task';
import type { Claims } from '../dispatch/claim';
import type { Directory } from '../dispatch/directory';
import { voidClaimSignal } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import { directiveTo } from './admission';
import { ANSWER_MS, within } from './deadline';

const REFUSED_MAX = 10_000;
const REFUSED = { kind: 'rejected', code: 'not_admitting', crowded: false } as const;

export function admittedClaims(
  claims: Claims,
  client: Client,
  directory: Pick<Directory, 'remembered'>,
): Claims {
  /** Looked at before their next claim: else each task would be granted to them and given up. */
  const refused = new Set<HolderRef>();

  async function admits(holder: HolderRef): Promise<boolean> {
    // An engine that is away grants nothing either.
    const known = await directory.remembered(holder).catch(() => null);
    refused.delete(holder);
    if (directiveTo(known) === 'continue') return true;
    const oldest = refused.values().next();
    if (refused.size >= REFUSED_MAX && !oldest.done) refused.delete(oldest.value);
    refused.add(holder);
    return false;
  }

  return {
    ...claims,
    async claim(taskId, claim, timeoutMs, beginning) {
      const { holder, requestId } = claim;
      if (refused.has(holder) && !(await within(client, timeoutMs, () => admits(holder)))) return REFUSED;
      const [admitted, result] = await Promise.all([
        within(client, timeoutMs, () => admits(holder)),
        claims.claim(taskId, claim, timeoutMs, beginning),
      ]);
      if (admitted || result.kind === 'indeterminate') return result;
      if (result.kind === 'granted') {
        const handle = client.workflow.getHandle(taskWorkflowId(taskId));
        const message = { request_id: requestId, holder };
        // Should that fail, the claim lapses, since it is never renewed.
        await within(client, ANSWER_MS, () => handle.signal(voidClaimSignal, message)).catch(() => undefined);
      }
      return REFUSED;
    },
  };
}

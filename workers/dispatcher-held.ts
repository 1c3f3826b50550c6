import type { Client } from '@temporalio/client';
import { listWorkflows } from '../dispatch/list-workflows';
import { and, isUnset, oneOf, RUNNING, typeIs } from '../dispatch/query';
import type { VisibilityBudget } from '../dispatch/visibility-budget';
import { holderId, hostRef, taskIdOf } from '../workflows/names';
import { CLAIMABLE_SINCE, HOLDER } from '../workflows/search-attributes';

/** Tasks that these hosts hold according to visibility, by host id. */
export async function heldByHosts(
  client: Client,
  budget: VisibilityBudget,
  hostIds: readonly string[],
): Promise<Map<string, Set<string>>> {
  const held = new Map<string, Set<string>>();
  // A task that is only assigned to the host, and not taken up, is still claimable.
  const query = and(typeIs('task'), RUNNING, oneOf(HOLDER, hostIds.map(hostRef)), isUnset(CLAIMABLE_SINCE));
  for await (const info of listWorkflows(client, budget, 'dispatcher', query)) {
    const holder = info.typedSearchAttributes.get(HOLDER);
    if (!holder) continue;
    const id = holderId(holder as `host:${string}`);
    held.set(id, (held.get(id) ?? new Set()).add(taskIdOf(info.workflowId)));
  }
  return held;
}

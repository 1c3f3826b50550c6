/** Which tasks are held by whom: one look at the index for all holders, remembered for a second. */
import type { Client } from '@temporalio/client';
import { cached } from '../dispatch/cached';
import { systemClock } from '../dispatch/clock';
import { listWorkflows } from '../dispatch/list-workflows';
import { and, isSet, isUnset, RUNNING, typeIs } from '../dispatch/query';
import type { VisibilityBudget } from '../dispatch/visibility-budget';
import { taskIdOf } from '../workflows/names';
import { CLAIMABLE_SINCE, HOLDER, PRODUCT, TASK_STATUS } from '../workflows/search-attributes';
import { ENGINE_MS, within } from './deadline';

export interface Held {
  task_id: string;
  status: string;
  product: string;
}
export type HoldsByHolder = Map<string, Held[]>;

const REMEMBERED_MS = 1_000;

export function createHolds(client: Client, budget: VisibilityBudget): () => Promise<HoldsByHolder> {
  const query = and(typeIs('task'), RUNNING, isSet(HOLDER), isUnset(CLAIMABLE_SINCE));
  return cached(systemClock, REMEMBERED_MS, () =>
    within(client, ENGINE_MS, async () => {
      const holds: HoldsByHolder = new Map();
      for await (const info of listWorkflows(client, budget, 'lists', query)) {
        const holder = info.typedSearchAttributes.get(HOLDER);
        if (!holder) continue;
        const status = info.typedSearchAttributes.get(TASK_STATUS) ?? 'assigned';
        const product = info.typedSearchAttributes.get(PRODUCT) ?? 'default';
        const held = holds.get(holder) ?? [];
        held.push({ task_id: taskIdOf(info.workflowId), status, product });
        holds.set(holder, held);
      }
      return holds;
    }),
  );
}

/** A list of holders with what each holds: one look at the index for all of them. */
import type { HolderView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { listWorkflows } from '../dispatch/list-workflows';
import { and, isSet, isUnset, RUNNING, typeIs } from '../dispatch/query';
import { taskIdOf } from '../workflows/names';
import { CLAIMABLE_SINCE, HOLDER, TASK_STATUS } from '../workflows/search-attributes';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { holderView } from './holder-profile';

type Holds = HolderView['holds'];

export async function holdersAnswer(
  ctx: ApiContext,
  load: () => Promise<KnownHolder[]>,
  isShown: (product: string | null) => boolean,
): Promise<{ holders: HolderView[] }> {
  const known = await within(ctx.client, ENGINE_MS, load);
  const shown = known.filter(({ profile }) => isShown(profile.product));
  const holds = shown.length > 0 ? await within(ctx.client, ENGINE_MS, () => holdsByHolder(ctx)) : new Map();
  return {
    holders: shown.map((h) => holderView(h, holds.get(`${h.profile.kind}:${h.profile.id}`) ?? [])),
  };
}

async function holdsByHolder({ client, budget }: ApiContext): Promise<Map<string, Holds>> {
  const query = and(typeIs('task'), RUNNING, isSet(HOLDER), isUnset(CLAIMABLE_SINCE));
  const holds = new Map<string, Holds>();
  for await (const { workflowId, typedSearchAttributes } of listWorkflows(client, budget, 'lists', query)) {
    const holder = typedSearchAttributes.get(HOLDER);
    if (!holder) continue;
    const held = {
      task_id: taskIdOf(workflowId),
      status: typedSearchAttributes.get(TASK_STATUS) ?? 'assigned',
    };
    holds.set(holder, [...(holds.get(holder) ?? []), held]);
  }
  return holds;
}

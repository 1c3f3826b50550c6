/** A late receipt: kept and shown until a person decides. The decision is recorded here; shipping is the task's. */
import { condition, setCurrentDetails, setHandler, upsertMemo } from '@temporalio/workflow';
import { decideQuarantineSignal, quarantineQuery } from '../messages';
import type { QuarantineItem } from '../task/types';
import type { QuarantineView } from './types';

export async function quarantine(item: QuarantineItem): Promise<QuarantineView> {
  let view: QuarantineView = { ...item, decision: 'open', decided_by: null, decided_at: null };
  setHandler(decideQuarantineSignal, ({ decision, by }) => {
    // The first decision counts: a repeat, or a second person, changes nothing.
    if (view.decision === 'open') view = { ...view, decision, decided_by: by, decided_at: Date.now() };
  });
  setHandler(quarantineQuery, () => view);
  upsertMemo({ quarantine: view });
  setCurrentDetails(`A receipt of ${item.holder} for epoch ${item.epoch} waits for a decision.`);
  await condition(() => view.decision !== 'open');
  upsertMemo({ quarantine: view });
  setCurrentDetails(`${view.decision} by ${view.decided_by}.`);
  return view;
}

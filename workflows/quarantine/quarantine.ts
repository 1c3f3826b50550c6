/**
 * A late receipt: kept and shown until a person decides. The decision is recorded here; whether an accepted receipt
 * becomes that of its task, the task decides.
 */
import {
  condition,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import { completeSignal, decideQuarantineSignal, quarantineQuery } from '../messages';
import { taskWorkflowId } from '../names';
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
  if (view.decision === 'accepted') await offer(view);
  return view;
}

/** The id of the message is that of this workflow, so the task can be asked what became of it. */
async function offer({ id, task_id, epoch, receipt, decided_by }: QuarantineView): Promise<void> {
  const task = getExternalWorkflowHandle(taskWorkflowId(task_id));
  const message = {
    message_id: id,
    epoch,
    holder: `${decided_by}`,
    receipt,
    manual: true,
    adopt: true,
  } as const;
  // A task that is closed takes nothing: then the decision is a mark.
  await task.signal(completeSignal, message).catch(() => undefined);
}

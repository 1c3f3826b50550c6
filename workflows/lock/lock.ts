/** A lock, by being open. Its parent, the task that has it, ends it by cancellation, also when the parent closes. */
import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import { lockFreedSignal, lockWantedSignal } from '../messages';

const WAITING_MAX = 1_000;
/** Some find no holder. One gets in, and the others ask again; who is not told looks again by itself. */
const TOLD = 50;

export async function lock(): Promise<void> {
  const waiting = new Set<string>();
  const late = new Set<string>();
  let ending = false;
  setHandler(lockWantedSignal, ({ workflow_id }) => {
    const list = ending ? late : waiting;
    if (list.size < WAITING_MAX) list.add(workflow_id);
  });
  await CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  ending = true;
  await CancellationScope.nonCancellable(async () => {
    let told = 0;
    for (const id of waiting) {
      if (told === TOLD) break;
      if (await tell(id)) told += 1;
    }
    // Whoever asked meanwhile found the lock still there. The loop sees those who come during it.
    for (const id of late) await tell(id);
  });
}

/** False: it is closed by now. */
const tell = (workflowId: string): Promise<boolean> =>
  getExternalWorkflowHandle(workflowId)
    .signal(lockFreedSignal)
    .then(
      () => true,
      () => false,
    );

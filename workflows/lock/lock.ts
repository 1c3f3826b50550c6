/** A lock, by being open. Its parent, the task that has it, ends it by cancellation, also when the parent closes. */
import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import { lockFreedSignal, lockWantedSignal } from '../messages';

const WAITING_MAX = 1_000;
/** The first may be closed by now, or find no holder. All would be a crowd of which one gets in. */
const TOLD = 2;

export async function lock(): Promise<void> {
  const waiting = new Set<string>();
  setHandler(lockWantedSignal, ({ workflow_id }) => {
    if (waiting.size < WAITING_MAX) waiting.add(workflow_id);
  });
  await CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  CancellationScope.nonCancellable(async () => {
    // Not awaited: whoever hears of it must find the lock closed. Who is missed looks again by itself.
    for (const id of [...waiting].slice(0, TOLD)) {
      getExternalWorkflowHandle(id)
        .signal(lockFreedSignal)
        .catch(() => undefined);
    }
  }).catch(() => undefined);
}

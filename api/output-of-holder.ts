/**
 * Whether a message that leaves no history may be taken: told from the pending lease, as for a renewal, and by the
 * task itself where that shows nothing.
 */
import type { OutputRef } from '../contracts/blobs';
import type { HolderRef, TaskView } from '../contracts/task';
import { attemptId, isHost, outputRef } from '../workflows/names';
import { HOLDER } from '../workflows/search-attributes';
import type { ApiContext } from './context';
import { type About, fenceKilled } from './fence-killed';
import { pendingLease } from './lease-time';
import { viewOrThrow } from './outcome-answer';
import { taskNotFound } from './problems';
import { askTask, describeTask, isRunning, productOf } from './read-task';
import { closed, notHolder, staleEpoch } from './renew';
import { noWorker } from './temporal-errors';

export interface Holding extends About {
  holder: HolderRef;
  /** null: any. */
  product: string | null;
}

/**
 * Where the output of the attempt goes. Throws like a renewal, 404, 409 when the epoch is over, 410 when the task is
 * closed; and 503 when only a worker could tell, and none answers.
 */
export async function outputOfHolder(ctx: ApiContext, about: Holding): Promise<OutputRef> {
  const { taskId, epoch, holder, product } = about;
  const description = await describeTask(ctx, taskId);
  if (product !== null && product !== productOf(description)) throw taskNotFound(taskId);
  if (!isRunning(description)) throw closed();
  if (await fenceKilled(ctx, about)) throw staleEpoch(epoch, epoch + 1);
  const pending = pendingLease(description);
  if (pending && pending.epoch > epoch) throw staleEpoch(epoch, pending.epoch);
  const firstRunId = description.raw.workflowExecutionInfo?.firstRunId || description.runId;
  if (pending?.epoch === epoch && !pending.cancelRequested) {
    const current = description.typedSearchAttributes.get(HOLDER);
    if (current !== undefined && current !== holder) throw notHolder();
    return outputRef(attemptId(taskId, firstRunId, epoch));
  }
  return askedOutput(ctx, about, firstRunId);
}

/** The lease has lapsed, or is just being taken up or ended. */
async function askedOutput(
  ctx: ApiContext,
  { taskId, epoch, holder }: Holding,
  firstRunId: string,
): Promise<OutputRef> {
  const report = await askTask(ctx, taskId);
  if (!report) throw noWorker();
  const { lease, attempts } = report.view;
  refuseManaged(lease);
  if (lease?.epoch !== epoch) throw staleEpoch(epoch, report.view.epoch);
  if (lease.holder !== holder) throw notHolder();
  const known = attempts.find((attempt) => attempt.epoch === epoch)?.output_ref;
  return (known as OutputRef | null | undefined) ?? outputRef(attemptId(taskId, firstRunId, epoch));
}

function refuseManaged(lease: TaskView['lease']) {
  if (!lease || !isHost(lease.holder)) return;
  const message = 'the output of an ssh_cli task is read from its host';
  viewOrThrow({ code: 'managed_by_orchestrator', message }, null);
}

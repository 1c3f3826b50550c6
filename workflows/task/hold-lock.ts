import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { lockWantedSignal } from '../messages';
import { lockWorkflowId } from '../names';
import { checkClaim, grantOf, isRepeat } from '../rules/claim';
import { askLock, lockRefused, lockTaken } from '../rules/lock';
import { PRODUCT } from '../search-attributes';
import type { Machine } from './machine';
import type { ClaimRequest, Grant } from './message-types';
import { refusal } from './refusal';
import type { TaskLock } from './types';

/** Takes the lock and keeps it until the state wants it no more (this is cancelled then), or says who was faster. */
export async function holdLock({ key }: TaskLock, machine: Machine): Promise<void> {
  const { product, lock } = machine.state.input;
  if (lock === undefined) return;
  const workflowId = lockWorkflowId(product, lock);
  const started = await startChild('lock', {
    workflowId,
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.TRY_CANCEL,
    typedSearchAttributes: [{ key: PRODUCT, value: product }],
  }).catch((error: unknown) => {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  });
  if (!started) {
    const told = await askToBeTold(workflowId);
    machine.apply((state, now) => lockRefused(state, key, told, now));
    return;
  }
  machine.apply((state, now) => lockTaken(state, key, now));
  try {
    await started.result();
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    // An operator ended the lock: that frees it for others, and takes nothing from this attempt.
  }
}

/** False: there is no such lock any more. */
async function askToBeTold(lockId: string): Promise<boolean> {
  const { workflowId } = workflowInfo();
  return getExternalWorkflowHandle(lockId)
    .signal(lockWantedSignal, { workflow_id: workflowId })
    .then(
      () => true,
      () => false,
    );
}

/** The one handler that waits. The rules look at the claim again when it is over, and grant in the same step. */
export async function claimWithLock(claim: ClaimRequest, machine: Machine): Promise<Grant> {
  machine.apply((state) => askLock(state, claim));
  await CancellationScope.nonCancellable(() =>
    condition(() => machine.state.lock?.claim?.request_id !== claim.request_id),
  );
  if (isRepeat(machine.state, claim)) return grantOf(machine.state);
  throw refusal(checkClaim(machine.state, claim, Date.now()) ?? 'locked');
}

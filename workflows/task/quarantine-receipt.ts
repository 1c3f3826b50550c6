import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { PRODUCT } from '../search-attributes';
import type { Machine } from './machine';
import type { QuarantineItem } from './types';

/** An abandoned child: it outlives the task. The id makes a second start for the same receipt impossible. */
export async function quarantineReceipt(item: QuarantineItem, machine: Machine): Promise<void> {
  try {
    await startChild('quarantine', {
      workflowId: item.id,
      args: [item],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      typedSearchAttributes: [{ key: PRODUCT, value: item.product }],
      staticSummary: `late receipt for epoch ${item.epoch}: ${item.reason}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  machine.apply((state) => ({ ...state, quarantine: state.quarantine.filter((q) => q.id !== item.id) }));
}

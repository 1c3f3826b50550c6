import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { REJECTIONS, type Rejection } from '../workflows/messages';
import type { Grant } from '../workflows/task/message-types';
import { GRPC, grpcStatusOf } from './grpc-status';

export type ClaimResult =
  | { kind: 'granted'; grant: Grant }
  /** `crowded`: refused before the task looked at it, so it may still be there to be claimed. */
  | { kind: 'rejected'; code: Rejection | 'closed' | 'not_found' | 'not_admitting'; crowded: boolean }
  /** Nobody knows: it may be granted yet. */
  | { kind: 'indeterminate' };

export type ClaimFailure = Exclude<ClaimResult, { kind: 'granted' }>;

const rejected = (code: Rejection | 'closed' | 'not_found', crowded = false): ClaimFailure => ({
  kind: 'rejected',
  code,
  crowded,
});

/** What a failed claim Update means. */
export function claimFailure(error: unknown): ClaimFailure {
  if (error instanceof WorkflowNotFoundError) {
    return rejected(/already completed/i.test(error.message) ? 'closed' : 'not_found');
  }
  // The claim was to start the task, and its id belongs to another.
  if (error instanceof WorkflowExecutionAlreadyStartedError) return rejected('not_claimable');
  if (error instanceof WorkflowUpdateFailedError) {
    const type = error.cause instanceof ApplicationFailure ? error.cause.type : undefined;
    // A failure that is no refusal: the task closed while it had the Update.
    return rejected(REJECTIONS.find((rejection) => rejection === type) ?? 'closed');
  }
  const status = grpcStatusOf(error);
  // More than 10 Updates in flight on this task, or 2 000 in this run: the server did not admit the claim.
  if (status === GRPC.resourceExhausted || status === GRPC.failedPrecondition) {
    return rejected('not_claimable', true);
  }
  return { kind: 'indeterminate' };
}

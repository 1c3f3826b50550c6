/**
 * Every message a workflow takes. Updates where the caller needs the answer, signals where the
 * message must be durable although no worker is up (docs/architecture.md has the table).
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AdmissionOrder, HolderProfile, HolderReport, HostHealth } from './holder/types';
import type { QuarantineView } from './quarantine/types';
import type {
  AssignRequest,
  CancelMessage,
  ClaimRequest,
  CompleteMessage,
  Grant,
  ReleaseMessage,
  Renewal,
  RenewRequest,
  ReviewMessage,
  StatusMessage,
  VoidClaimMessage,
} from './task/message-types';
import type { Outcome, TaskReport } from './task/types';

export const claimUpdate = defineUpdate<Grant, [ClaimRequest]>('claim');
export const assignUpdate = defineUpdate<void, [AssignRequest]>('assign');
export const renewUpdate = defineUpdate<Renewal, [RenewRequest]>('renew');

export const completeSignal = defineSignal<[CompleteMessage]>('complete');
export const statusSignal = defineSignal<[StatusMessage]>('status');
export const releaseSignal = defineSignal<[ReleaseMessage]>('release');
export const reviewSignal = defineSignal<[ReviewMessage]>('review');
export const cancelSignal = defineSignal<[CancelMessage]>('cancel');
export const voidClaimSignal = defineSignal<[VoidClaimMessage]>('void_claim');

export const taskQuery = defineQuery<TaskReport>('task');
/** What became of a message; null when the workflow has not seen it. */
export const outcomeQuery = defineQuery<{ outcome: Outcome; task: TaskReport['view'] } | null, [string]>(
  'outcome',
);

export const registerSignal = defineSignal<[HolderProfile]>('register');
export const seenSignal = defineSignal('seen');
export const reportSignal = defineSignal<[HostHealth]>('report');
export const admissionSignal = defineSignal<[AdmissionOrder]>('admission');
/** Raises the generation: tokens handed out before are refused from now on. */
export const revokeTokensSignal = defineSignal('revoke_tokens');
export const holderQuery = defineQuery<HolderReport>('holder');

export const decideQuarantineSignal =
  defineSignal<[{ message_id: string; decision: 'accepted' | 'discarded'; by: string }]>('decide');
export const quarantineQuery = defineQuery<QuarantineView>('quarantine');

/** `type` of the ApplicationFailure with which a validator refuses. */
export const REJECTIONS = [
  'not_claimable',
  'holder_may_return',
  'too_late',
  'voided',
  'wrong_mode',
  'assigned_to_other',
  'not_capable',
  'template_unavailable',
  'not_created',
  'stale_epoch',
  'held_by_other',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

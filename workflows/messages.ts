/**
 * Every message a workflow takes. Updates where the caller needs the answer, signals where the
 * message must be durable although no worker is up (docs/architecture.md has the table).
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  AdmissionOrder,
  AgentBeat,
  HolderProfile,
  HolderReport,
  HostHealth,
  KillOrder,
} from './holder/types';
import type { QuarantineView } from './quarantine/types';
import type { ForgeReport } from './report/types';
import type {
  AssignRequest,
  CancelMessage,
  CheckpointMessage,
  ClaimRequest,
  CompleteMessage,
  EditMessage,
  ForgeMessage,
  Grant,
  ReleaseMessage,
  Renewal,
  RenewRequest,
  ReviewMessage,
  RevokeMessage,
  StatusMessage,
  VoidClaimMessage,
} from './task/message-types';
import type { Outcome, TaskReport } from './task/types';

export const claimUpdate = defineUpdate<Grant, [ClaimRequest]>('claim');
export const assignUpdate = defineUpdate<void, [AssignRequest]>('assign');
export const renewUpdate = defineUpdate<Renewal, [RenewRequest]>('renew');

export const completeSignal = defineSignal<[CompleteMessage]>('complete');
export const statusSignal = defineSignal<[StatusMessage]>('status');
export const checkpointSignal = defineSignal<[CheckpointMessage]>('checkpoint');
export const releaseSignal = defineSignal<[ReleaseMessage]>('release');
export const reviewSignal = defineSignal<[ReviewMessage]>('review');
export const cancelSignal = defineSignal<[CancelMessage]>('cancel');
/** Ends the attempt of a holder that was killed. */
export const revokeSignal = defineSignal<[RevokeMessage]>('revoke');
/** To a lock: tell this workflow when it is free. */
export const lockWantedSignal = defineSignal<[{ workflow_id: string }]>('lock_wanted');
/** To a task that waits for its lock. */
export const lockFreedSignal = defineSignal('lock_freed');
/** What a forge says of the pull request or the branch of the task. */
export const forgeSignal = defineSignal<[ForgeMessage]>('forge');
export const editSignal = defineSignal<[EditMessage]>('edit');
export const voidClaimSignal = defineSignal<[VoidClaimMessage]>('void_claim');

export const taskQuery = defineQuery<TaskReport>('task');
/** What became of a message; null when the workflow has not seen it. */
export const outcomeQuery = defineQuery<{ outcome: Outcome; task: TaskReport['view'] } | null, [string]>(
  'outcome',
);

/** To the report of a task: this is how it is now. */
export const tellForgeSignal = defineSignal<[ForgeReport]>('tell_forge');

export const registerSignal = defineSignal<[HolderProfile, AgentBeat?]>('register');
export const seenSignal = defineSignal('seen');
export const reportSignal = defineSignal<[HostHealth]>('report');
export const admissionSignal = defineSignal<[AdmissionOrder]>('admission');
/** Raises the generation: tokens handed out before are refused from now on. */
export const revokeTokensSignal = defineSignal('revoke_tokens');
export const killSignal = defineSignal<[KillOrder]>('kill');
/** Ends the workflow of the holder, unless it registers again right behind. */
export const forgetSignal = defineSignal('forget');
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
  'wrote_it',
  'not_created',
  'stale_epoch',
  'locked',
  'held_by_other',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

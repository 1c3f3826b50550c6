/** Bodies of the task workflow's updates and signals, and what the updates answer. */
import type { Checkpoint, Finding, Receipt } from '../../contracts/receipt';
import type { Change, HolderRef, RunStage, Text, Work } from '../../contracts/task';
import type { TaskPull } from './types';

export interface ClaimRequest {
  request_id: string;
  holder: HolderRef;
  capabilities: string[];
  lease_ms: number | null;
  /** Refused after this time: the caller has given up by then. */
  not_after: number;
  /** Since when the caller could reach the engine: holders may not have been able to renew before that. */
  reachable_since: number;
  claim_hash: string;
  /** Templates that the host cannot run now; null among them: that of tasks which name none. */
  lacking?: Array<string | null>;
}

export interface Grant {
  epoch: number;
  lease_ms: number;
  activity_id: string;
  granted_at: number;
  /** Body and change (JSON of a `Change`) are references when large; the API and the host resolve them. */
  work: Omit<Work, 'body' | keyof Change> & { body: Text; change?: Text };
}

export interface AssignRequest {
  message_id: string;
  holder: HolderRef;
  reason: string | null;
  by: string;
  not_after: number;
}

export interface RenewRequest {
  epoch: number;
  holder: HolderRef;
  not_after: number;
}

export interface Renewal {
  epoch: number;
  lease_ms: number;
  activity_id: string;
}

export interface CompleteMessage {
  /** The caller's completion id. */
  message_id: string;
  epoch: number;
  holder: string;
  receipt: Receipt;
  /** A coordinator or admin, not the holder: fences and stops what runs. */
  manual: boolean;
  /** A late receipt that a person accepted: it counts only while nothing newer is there or under way. */
  adopt?: true;
}

export interface StatusMessage {
  message_id: string;
  epoch: number;
  holder: string;
  status: 'running' | 'failed';
  message: string | null;
  /** Refused when it may not follow the one before. */
  stage?: RunStage;
  /** Kept beside what is known of the last one. */
  checkpoint?: Checkpoint | null;
  /** Of a failure: another attempt would fail as well, so the task fails. */
  final?: true;
}

/** How far a holder says it came. Says the same however often it comes, so it has no id. */
export interface CheckpointMessage {
  epoch: number;
  holder: string;
  checkpoint: Checkpoint;
  /** When the holder told it, in milliseconds since 1970. */
  checkpoint_at: number;
}

export interface ReleaseMessage {
  message_id: string;
  epoch: number;
  holder: string;
  /** null: the one of its last renewal, if it told one. */
  checkpoint: Checkpoint | null;
  renewed_with?: { checkpoint: Checkpoint; at: number } | null;
}

export interface ReviewMessage {
  message_id: string;
  verdict: 'approved' | 'rejected';
  findings: Finding[];
  confidence: number | null;
  by: string;
  /** What was judged, as `ReviewRound.change`. */
  change?: string | null;
}

/** By a forge, about the pull request of the task or its branch. `message_id` names the fact, not the delivery. */
export interface ForgeMessage {
  message_id: string;
  what: 'pull_opened' | 'pull_updated' | 'pull_merged' | 'pull_closed' | 'pushed';
  /** Not with `pushed`. */
  pull: Omit<TaskPull, 'approved'> | null;
  by: string;
}

/** By a forge: the issue says something else now. Counts from the next attempt on. */
export interface EditMessage {
  message_id: string;
  title: string;
  body: Text;
  labels: string[];
  /** By the forge's clock: an older edit changes nothing. */
  updated_at: number;
}

export interface CancelMessage {
  message_id: string;
  reason: string | null;
  by: string;
}

export interface VoidClaimMessage {
  request_id: string;
  holder: HolderRef;
}

/** By the orchestrator, when the holder was killed. */
export interface RevokeMessage {
  message_id: string;
  holder: HolderRef;
  /** Of the attempt that ends; null: only an assignment that was not taken up is undone. */
  epoch: number | null;
  by: string;
  reason: string | null;
  /** How far the holder had come by its last heartbeat. */
  checkpoint: Checkpoint | null;
}

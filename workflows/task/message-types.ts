/** Bodies of the task workflow's updates and signals, and what the updates answer. */
import type { Checkpoint, Finding, Receipt } from '../../contracts/receipt';
import type { HolderRef, Text, Work } from '../../contracts/task';

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
  /** The body is a reference when large; the API and the host resolve it. */
  work: Omit<Work, 'body'> & { body: Text };
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
}

export interface ReleaseMessage {
  message_id: string;
  epoch: number;
  holder: string;
  checkpoint: Checkpoint | null;
}

export interface ReviewMessage {
  message_id: string;
  verdict: 'approved' | 'rejected';
  findings: Finding[];
  confidence: number | null;
  by: string;
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

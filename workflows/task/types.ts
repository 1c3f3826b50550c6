/**
 * The words of the task workflow.
 *
 * task     one piece of work; one workflow
 * holder   a host or an agent that holds, or may hold, the lease
 * attempt  one try by one holder, numbered by its epoch
 * lease    the right to work: {holder, epoch}; kept by renewals
 * epoch    +1 at every grant and every revocation; a message with an older one is stale
 * freeing  making a task claimable again
 *
 * All of it is plain JSON: the state crosses continue-as-new. Times are milliseconds since 1970.
 */
import type { TaskOrigin } from '../../contracts/forge';
import type { Checkpoint, Finding, Receipt } from '../../contracts/receipt';
import type {
  ExecutionMode,
  Failure,
  HolderRef,
  RunStage,
  TaskStatus,
  TaskView,
  Text,
  Timeouts,
} from '../../contracts/task';
import type { ClaimRequest, ReviewMessage } from './message-types';

export interface TaskInput {
  task_id: string;
  title: string;
  body: Text;
  /** JSON of a `Change`; not there when nothing is known. */
  change?: Text;
  labels: string[];
  repository: string | null;
  template: string | null;
  /** As asked for at creation; `undecided` tasks fall back to it after each attempt. */
  execution_mode: ExecutionMode;
  /** Set when the creator saw that no configured host is capable. */
  no_capable_host: boolean;
  priority: number;
  max_retries: number;
  review: 'none' | 'required';
  timeouts: Timeouts;
  backoff: { initial_ms: number; max_ms: number };
  host_lost_after_ms: number;
  kill_grace_ms: number;
  product: string;
  branch_name: string;
  pr_title: string | null;
  created_at: number;
  /** Of a task that came from a forge. */
  origin?: TaskOrigin;
  /** By the forge's clock, milliseconds since 1970: as old as what the input says of the issue. */
  edited_at?: number;
  /** Of a review task: these wrote what it judges. */
  not_by?: HolderRef[];
  /** Who had a part in earlier runs of a task from a forge: their work is on the branch. */
  wrote?: Authors;
  /** Above every epoch of an earlier run of the same task. */
  first_epoch: number;
  /** Tasks of one product with the same lock are worked on one at a time. A hash: what was written is part of a prompt. */
  lock?: string;
  /** Continue as new beyond this many history events; null leaves it to the server's advice. */
  max_history_events: number | null;
}

export interface TaskArgs {
  input: TaskInput;
  /** Present after continue-as-new. */
  carried?: TaskState;
}

export interface Authors {
  holders: HolderRef[];
  models: string[];
}

export interface Lease {
  holder: HolderRef;
  epoch: number;
  request_id: string;
  lease_ms: number;
  granted_at: number;
  /** Counts the lease activities of this epoch: re-arming starts another. */
  n: number;
  renewed: boolean;
  /** When it expired unrenewed; null while it lives. */
  lapsed_at: number | null;
  /** For a host: what its run is doing. */
  run: 'starting' | 'following' | null;
  /** A coordinator chose the holder. */
  assigned?: true;
  /** As the holder reported it last. */
  stage?: RunStage;
  /** Head of the pull request that was open at the grant: what came since is work of this attempt. */
  pull_sha?: string;
}

/** The lock of a task, taken or asked for; kept as long as an attempt may be alive. */
export interface TaskLock {
  /** Request id of the claim for which it was asked. */
  key: string;
  /** What waits for the lock; null: it is ours. */
  claim: ClaimRequest | null;
}

export interface Attempt {
  epoch: number;
  holder: HolderRef;
  granted_at: number;
  ended_at: number | null;
  outcome: string | null;
  failure: Failure | null;
  output_ref: string | null;
}

/** A run on a host that must be seen dead before the task closes or is tried again. */
export interface Stop {
  attempt_id: string;
  holder: HolderRef;
  epoch: number;
  immediate: boolean;
  /** From this time on the launcher's own watch has killed it, seen or not. */
  fenced_at: number;
}

/** The pull request of a task, as the forge told it last. */
export interface TaskPull {
  number: number;
  url: string;
  head_sha: string;
  state: 'open' | 'merged' | 'closed';
  /** Approved since the last push, and not sent back since. */
  approved: boolean;
  /** By the forge's clock, milliseconds since 1970: what is older changes nothing. */
  updated_at: number;
}

/** What a rejection was about, to see whether the rounds lead anywhere. */
export interface ReviewRound {
  /** Fingerprints of the findings, sorted. */
  findings: string[];
  /** Names the content that was judged: a hash of the diff, else the head commit; null when not known. */
  change: string | null;
}

export type OutcomeCode =
  | 'accepted'
  | 'ok'
  | 'stale_epoch'
  | 'closed'
  | 'not_holder'
  | 'managed_by_orchestrator'
  | 'wrong_status'
  | 'illegal_stage';

/** What became of a signal; the answer to the confirming query. */
export interface Outcome {
  code: OutcomeCode;
  message: string;
  quarantine_id?: string;
}

export interface QuarantineItem {
  id: string;
  task_id: string;
  product: string;
  epoch: number;
  current_epoch: number;
  completion_id: string;
  holder: string;
  reason: 'stale_epoch' | 'closed';
  receipt: Receipt;
  received_at: number;
}

export interface Event {
  at: number;
  type: string;
  epoch: number;
  message: string;
}

export interface TaskState {
  input: TaskInput;
  /** Id of the first run of the workflow: no other task of this id, here or elsewhere, has the same. */
  run_key: string;
  status: TaskStatus;
  execution_mode: ExecutionMode;
  epoch: number;
  lease: Lease | null;
  /** The coordinator's choice, until that holder takes it up. */
  assigned: { holder: HolderRef; until: number } | null;
  claimable_since: number | null;
  not_before: number | null;
  retry_count: number;
  review_count: number;
  review_since: number | null;
  checkpoint: Checkpoint | null;
  /** When a holder told it with a renewal; absent before one did. */
  checkpoint_at?: number;
  findings: Finding[];
  receipt: (Receipt & { manual: boolean }) | null;
  /** Epoch at which a receipt was accepted last; absent before that. A late one of an attempt up to then is older. */
  accepted_epoch?: number;
  /** Of the receipt that the last review sent back. */
  handed_in?: Pick<Receipt, 'summary' | 'artifacts'> | null;
  pull?: TaskPull | null;
  /** Of the rejections so far; the latest are kept. */
  rounds?: ReviewRound[];
  /** A rejection that came while a holder was at work: it counts when the attempt ends, unless something was pushed. */
  early_review?: { message: ReviewMessage; head_sha: string } | null;
  /** Of a task from a forge: those that its receipts name. */
  models?: string[];
  /** What the report of the task is to say, and what it was sent, by number; `key` names the content. */
  reported?: { seq: number; key: string; sent: number };
  reason: Failure | null;
  attempts: Attempt[];
  /** Hash of holder and request id of the last grant, for a claim whose reply was lost. */
  claim_hash: string | null;
  stops: Stop[];
  lock?: TaskLock | null;
  /** Until then (`not_before`) the task waits for its lock, or until it hears that the lock is free. */
  lock_retry_at?: number | null;
  /** How the task ends once its runs are seen dead; until then the status stays as it was. */
  closing: { status: 'completed' | 'failed' | 'cancelled'; reason: Failure | null } | null;
  /** Late receipts for which a quarantine workflow is still to be started. */
  quarantine: QuarantineItem[];
  /** By message id; the oldest are dropped. */
  outcomes: Array<{ id: string; outcome: Outcome }>;
  voided: string[];
  events: Event[];
  events_dropped: number;
  last_activity_at: number;
  closed_at: number | null;
}

/** What the query `task` answers and what a closed workflow returns. */
export interface TaskReport {
  view: TaskView;
  events: Event[];
  outcomes: Array<{ id: string; outcome: Outcome }>;
  claim_hash: string | null;
  /** Only of a task that has one. */
  pull?: TaskPull;
  /** For another run of a task from a forge: who had a part in it, and what the issue says now. */
  authors?: Authors;
  edited?: Pick<TaskInput, 'title' | 'body' | 'labels' | 'edited_at'>;
}

/** What a delivery is met with: what is known beforehand, and what is to be done. Plain data. */
import type { EarlierRuns, PullFacts, TaskOrigin } from '../../../contracts/forge';
import type { TaskStatus, Text } from '../../../contracts/task';
import type { CancelMessage, ForgeMessage, ReviewMessage } from '../../../workflows/task/message-types';
import type { TaskPull } from '../../../workflows/task/types';
import type { ForgeIssue, Permission } from '../forge';

/** A task as it is when a delivery about it is handled. */
export interface KnownTask {
  id: string;
  /** Its status is not the last one. */
  open: boolean;
  status: TaskStatus;
  origin: TaskOrigin | null;
  pull: TaskPull | null;
  title: string;
  labels: string[];
  /** Ids of the messages that it has seen in this run. */
  seen: string[];
  /** Why the issue ended it, or is about to when it is still open; null when it did not. */
  ended_by: 'closed' | 'unlabelled' | null;
  earlier: EarlierRuns;
}

/** The issue as it is now; `updated_at` of the delivery, which is no later. */
export interface IssueNow extends ForgeIssue {
  updated_at: number;
}

/** What the forge was asked; what was not asked is null. */
export interface Asked {
  issue: IssueNow | null;
  /** The pull request of the task. */
  pull: PullFacts | null;
  /** Of the sender. */
  permission: Permission | null;
  /** Signalbox posted it. */
  own: boolean;
}

export type Intent =
  | { do: 'start'; issue: IssueNow }
  | { do: 'run_again'; issue: IssueNow; because: { issue_at: number } | { comment: number } }
  | { do: 'edit'; issue: IssueNow; by: string }
  | { do: 'cancel'; message: CancelMessage; comment: number | null }
  | { do: 'tell'; message: ForgeMessage }
  | { do: 'review'; review: Review }
  | { do: 'approve'; message: ReviewMessage; comment: number }
  | { do: 'assign'; name: string; message_id: string; by: string; comment: number }
  | { do: 'reply'; comment: number; text: string }
  /** Comes later, by another try. */
  | { do: 'wait'; why: string }
  /** For whoever reads the result of the delivery. */
  | { do: 'nothing'; why: string };

export interface Review {
  message_id: string;
  verdict: 'approved' | 'rejected';
  /** Login at the forge. */
  login: string;
  by: string;
  pull: PullFacts;
  body: Text;
  review_id: number | null;
}

/** What Signalbox asks of a forge: one interface for Forgejo, Gitea and GitHub. */
import type { PullFacts } from '../../contracts/forge';
import type { Finding } from '../../contracts/receipt';

export interface ForgeIssue {
  number: number;
  title: string;
  body: string;
  open: boolean;
  labels: string[];
  url: string;
  is_pull: boolean;
}

export interface ForgeComment {
  id: number;
  body: string;
  author: string;
}

export type StatusState = 'pending' | 'success' | 'failure';

export interface CommitStatus {
  state: StatusState;
  /** Names the status: a later one of the same context replaces it. */
  context: string;
  /** At most 140 characters, the limit of GitHub. */
  description: string;
  url: string | null;
}

export interface NewPull {
  title: string;
  body: string;
  head: string;
  base: string;
}

export interface NewReview {
  event: 'approve' | 'request_changes' | 'comment';
  body: string;
  /** Those with a file and a line become comments on it where the forge takes them; all are in `body` as well. */
  findings: Finding[];
  head_sha: string;
}

/** Permissions of a person in a repository, least first. */
export type Permission = 'none' | 'read' | 'write' | 'admin';

/**
 * `repository` is `owner/name`. Every method may be repeated; those that create look first whether it is there, where
 * that can be seen. Rejects with a ForgeError.
 */
export interface Forge {
  /** Login of the user whose token this is. */
  me(): Promise<string>;
  issue(repository: string, number: number): Promise<ForgeIssue>;
  pull(repository: string, number: number): Promise<PullFacts>;
  /** The open one of this branch, else null. */
  findPull(repository: string, head: string, base: string): Promise<PullFacts | null>;
  /** An open pull request of the same branches is found instead. */
  openPull(repository: string, pull: NewPull): Promise<PullFacts>;
  /** Unified diff. */
  diff(repository: string, number: number): Promise<string>;
  /** The comments on lines of the newest review by this person; those of `reviewId` where it is known. */
  reviewFindings(repository: string, number: number, by: string, reviewId: number | null): Promise<Finding[]>;
  permission(repository: string, login: string): Promise<Permission>;
  /** The comment of this token's user that contains `marker`; null when there is none. */
  findComment(repository: string, number: number, marker: string): Promise<ForgeComment | null>;
  comment(repository: string, number: number, body: string): Promise<ForgeComment>;
  /** Rejects with `not_found` when somebody has deleted it. */
  editComment(repository: string, id: number, body: string): Promise<void>;
  setStatus(repository: string, sha: string, status: CommitStatus): Promise<void>;
  /** Whether there is a branch, and where it points; null when there is none. */
  branchHead(repository: string, branch: string): Promise<string | null>;
  /** @returns false when the forge does not let this user say that, as of the author's own pull request */
  review(repository: string, number: number, review: NewReview): Promise<boolean>;
}

export type ForgeErrorCode =
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'rejected'
  | 'rate_limited'
  | 'unavailable';

/** `message` says what to do; it never holds a token or the text of an issue. */
export class ForgeError extends Error {
  override name = 'ForgeError';
  constructor(
    readonly code: ForgeErrorCode,
    message: string,
    /** When to ask again, in milliseconds from now, where the forge says it. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}

/** Another try may succeed by itself. */
export const isPassing = ({ code }: ForgeError) => code === 'rate_limited' || code === 'unavailable';

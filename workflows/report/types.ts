/** What a forge is told of a task, and what it has been told. Plain JSON. */
import type { TaskOrigin } from '../../contracts/forge';
import type { Finding, Receipt } from '../../contracts/receipt';
import type { Failure, HolderRef, TaskStatus } from '../../contracts/task';
import type { Authors, TaskPull } from '../task/types';

/** How a task is, as far as the forge is to know. An older one never replaces a newer one. */
export interface ForgeReport {
  /** Of the task; a report with a lower one, of the same task run, is older. */
  seq: number;
  /** `TaskState.run_key`: a task that was started again begins to count anew. */
  run_key: string;
  status: TaskStatus;
  title: string;
  labels: string[];
  branch_name: string;
  pr_title: string | null;
  holder: HolderRef | null;
  retry_count: number;
  review_count: number;
  max_retries: number;
  reason: Failure | null;
  findings: Finding[];
  receipt: Pick<Receipt, 'summary' | 'artifacts'> | null;
  pull: TaskPull | null;
  /** Everybody whose attempt is in the change, and the models that they used. */
  authors: Authors;
  /** Of a review task that is completed: what its reviewer used. */
  reviewer: { holder: HolderRef; model: string | null; output: string } | null;
}

export interface ReportInput {
  task_id: string;
  product: string;
  origin: TaskOrigin;
  /** What it begins with: the first report, or all of it after continue-as-new. */
  carried?: ReportState;
  /** Continue as new beyond this many history events; null leaves it to the server's advice. */
  max_history_events?: number | null;
}

export interface ReportState {
  wanted: ForgeReport | null;
  /** `run_key` and `seq` of what the forge knows. */
  told: { run_key: string; seq: number } | null;
  /** The one comment that is edited; null before it is known. */
  comment_id: number | null;
  /** For which round and which head a review was asked for last. */
  asked?: string;
  /** Why the forge could not be told, when trying again is of no use until something changes. */
  problem: Failure | null;
}

export interface TellForgeArgs {
  task_id: string;
  product: string;
  origin: TaskOrigin;
  report: ForgeReport;
  comment_id: number | null;
}

export interface ToldForge {
  comment_id: number | null;
  /** The pull request that was opened for the branch, or found. */
  pull: Omit<TaskPull, 'approved'> | null;
}

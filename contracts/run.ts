/**
 * What crosses between the task workflow and the activities of a host worker.
 * JSON only; these are the words of the SSH track, so plain interfaces (nothing from outside enters here).
 */
import type { Checkpoint, Finding, Receipt } from './receipt';
import type { Failure, Text } from './task';

export interface RunRequest {
  /** Names the run directory; unique for ever: task, run of the task, epoch. */
  attempt_id: string;
  task_id: string;
  epoch: number;
  title: string;
  body: Text;
  /** JSON of a `Change`. */
  change?: Text | null;
  labels: string[];
  template: string | null;
  repository: string | null;
  branch_name: string;
  checkpoint: Checkpoint | null;
  findings: Finding[];
  /** What the attempt before had handed in, when a review sent it back. */
  handed_in?: Pick<Receipt, 'summary' | 'artifacts'> | null;
  /** The launcher kills its own tree when no follower was seen for this long, in milliseconds. */
  host_lost_after_ms: number;
  kill_grace_ms: number;
}

/** A process as it was seen: a pid alone may have been used again. */
export interface RunProcess {
  pid: number;
  /** Start time of the process in clock ticks since boot (`/proc/<pid>/stat`, field 22), or as `ps` prints it. */
  start_time: string;
  boot_id: string;
}

export interface StartedRun {
  attempt_id: string;
  run_dir: string;
  work_dir: string;
  process: RunProcess;
  /** True when the run directory was there already: an earlier try of this activity had started it. */
  adopted: boolean;
}

export interface FollowRequest {
  request: RunRequest;
  started: StartedRun;
}

/** How a run ended. Exactly one of receipt (status completed) and failure is set. */
export interface RunOutcome {
  receipt: Receipt | null;
  failure: Failure | null;
  exit_code: number | null;
  duration_ms: number;
  output_ref: string | null;
  checkpoint: Checkpoint | null;
}

export interface KillRequest {
  attempt_id: string;
  kill_grace_ms: number;
  /** KILL at once instead of TERM, grace, KILL. */
  immediate: boolean;
}

/** What was seen, not what was ordered. */
export interface KillReport {
  attempt_id: string;
  /** `never_started`: a tombstone now keeps the launcher from ever starting it. */
  seen: 'dead' | 'never_started' | 'already_dead' | 'alive';
  signals: string[];
  survivors: number[];
  duration_ms: number;
}

/** Activities on the queue `host:<id>`. */
export interface HostActivities {
  startRun(request: RunRequest): Promise<StartedRun>;
  followRun(request: FollowRequest): Promise<RunOutcome>;
  killRun(request: KillRequest): Promise<KillReport>;
}

/** Details in the heartbeat of followRun: a hint for whoever looks, never the truth. */
export interface FollowHeartbeat {
  at: number;
  process: RunProcess;
  out_offset: number;
  err_offset: number;
}

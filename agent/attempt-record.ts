import type { RunEnd } from '../activities/agent-cli/outcome';
import type { ParsedOutput } from '../activities/agent-cli/parsers/types';
import type { Artifacts, Checkpoint, Receipt } from '../contracts/receipt';
import type { StartedRun } from '../contracts/run';
import type { Work } from '../contracts/task';
import type { Lease } from './wire';

/** What is left of a run that has ended, before anybody was told. */
export interface RunResult {
  end: RunEnd;
  parsed: ParsedOutput | null;
  artifacts: Artifacts;
  /** Why nothing was started, or why the agent itself ended the run; goes before what the output says. */
  failure: { code: string; message: string } | null;
}

/** All that is known of an attempt, as it is kept on disk until the server has answered for it. */
export interface AttemptRecord {
  /** Unique for ever: names the run directory. */
  attempt_id: string;
  /** Oldest first: what was taken earlier is reported earlier. */
  seq: number;
  task: Work;
  lease: Lease;
  taken_at: string;
  /** When the start was first tried: from then on a run may be there. */
  starting_at: string | null;
  started: StartedRun | null;
  result: RunResult | null;
  /** Of the last checkpoint that others can fetch. */
  checkpoint: Checkpoint | null;
  /** The task is to be given back, not reported. */
  release: boolean;
  /** The branch is at the origin, or nothing was to be pushed there. */
  pushed: boolean;
  /** Why the branch could not be pushed. */
  push_error: string | null;
  /** Once it is set it is sent as it is, until it is answered. */
  report: { completion_id: string; receipt: Receipt } | null;
}

export const newRecord = (
  grant: { task: Work; lease: Lease },
  { seq, attempt_id }: { seq: number; attempt_id: string },
): AttemptRecord => ({
  attempt_id,
  seq,
  task: grant.task,
  lease: grant.lease,
  taken_at: new Date().toISOString(),
  starting_at: null,
  started: null,
  result: null,
  checkpoint: null,
  release: false,
  pushed: false,
  push_error: null,
  report: null,
});

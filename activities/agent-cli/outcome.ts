import type { Artifacts, Checkpoint, Receipt } from '../../contracts/receipt';
import type { Failure } from '../../contracts/task';
import type { OutputFailure, ParsedOutput } from './parsers/types';
import { canGoOn, sessionToResume } from './session';

/** How a run ended, as its record says. */
export interface RunEnd {
  exit_code: number | null;
  /** `exit`: by itself; else what ended it. */
  reason: 'exit' | 'killed' | 'host_lost' | 'launcher_lost';
  duration_ms: number;
  /** By the clock of the host, in milliseconds since 1970; null when no record tells. */
  ended_at_ms: number | null;
  /** What the host was ahead of UTC then, such as `+0200`. */
  utc_offset: string | null;
}

export interface RunEvidence {
  end: RunEnd;
  /** What the output says; null unless the run ended by itself. */
  parsed: ParsedOutput | null;
  /** What was seen in the repository. */
  artifacts: Artifacts;
  push_error: string | null;
  work_dir: string;
  output_ref: string;
  /** As `Receipt.output_tail`. */
  output_tail: string;
}

const MESSAGE_MAX = 2_000;

const ENDED_BY: Record<Exclude<RunEnd['reason'], 'exit'>, Failure> = {
  killed: { code: 'killed', message: 'the run was killed' },
  host_lost: { code: 'host_lost', message: 'nobody followed the run for too long, so it ended itself' },
  launcher_lost: { code: 'run_lost', message: 'the launcher of the run died, and the run was ended' },
};

/** Exactly one of receipt and failure is set. */
export function outcomeOf(evidence: RunEvidence): { receipt: Receipt | null; failure: Failure | null } {
  const { end, parsed } = evidence;
  if (end.reason !== 'exit') return failed(ENDED_BY[end.reason]);
  if (parsed?.failure) return failed(withRemedy(parsed.failure));
  if (!parsed?.receipt)
    return failed({ code: 'no_output', message: 'nobody has read the output of the run' });
  if (evidence.push_error !== null) {
    return failed({
      code: 'push_failed',
      message: withTail('the branch could not be pushed', evidence.push_error),
    });
  }
  return {
    receipt: {
      ...parsed.receipt,
      // What was seen in the repository goes before what the agent says of it.
      artifacts: { ...relative(parsed.receipt.artifacts, evidence.work_dir), ...evidence.artifacts },
      duration_ms: end.duration_ms,
      output_ref: evidence.output_ref,
      output_tail: evidence.output_tail,
      ...(parsed.warnings.length > 0 && { warnings: parsed.warnings }),
    },
    failure: null,
  };
}

/**
 * Where the next attempt may go on; null: where this one did. Only what others can fetch is such a place, and a
 * session is one for the host and the template that have it (`session_at`).
 */
export function checkpointOf(
  { parsed, artifacts: { branch, commit }, push_error }: RunEvidence,
  before: Checkpoint | null,
  session_at: string,
): Checkpoint | null {
  const pushed = branch !== undefined && commit !== undefined && push_error === null;
  const place = pushed ? { branch, commit } : null;
  if (!canGoOn(parsed?.failure?.code ?? null, sessionToResume(before, session_at) !== null)) {
    return place ?? (before && { ...before, session_id: undefined, session_at: undefined });
  }
  const session_id = parsed?.session_id ?? null;
  return session_id === null ? place : { ...before, ...place, session_id, session_at };
}

/** Some CLIs name whole paths; those in the work directory are shown as git would. */
function relative(artifacts: Artifacts, work_dir: string): Artifacts {
  const { changed_files } = artifacts;
  if (!changed_files) return artifacts;
  const inside = `${work_dir}/`;
  return {
    ...artifacts,
    changed_files: changed_files.map((file) => (file.startsWith(inside) ? file.slice(inside.length) : file)),
  };
}

const failed = (failure: Failure) => ({ receipt: null, failure });

function withRemedy({ code, message, remedy, resets_at }: OutputFailure): Failure {
  const until = resets_at === null ? '' : `\nThe limit resets at ${resets_at}.`;
  return { code, message: `${message}${until}\n${remedy}` };
}

const withTail = (message: string, tail: string) => {
  const end = tail.trim().slice(-MESSAGE_MAX);
  return end === '' ? message : `${message}: ${end}`;
};

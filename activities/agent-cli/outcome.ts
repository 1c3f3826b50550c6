import { type Artifacts, type Receipt, receiptSchema } from '../../contracts/receipt';
import type { Failure } from '../../contracts/task';

/** How a run ended, as its record says. */
export interface RunEnd {
  exit_code: number | null;
  /** `exit`: by itself; else what ended it. */
  reason: 'exit' | 'killed' | 'host_lost' | 'launcher_lost';
  duration_ms: number;
}

export interface RunEvidence {
  end: RunEnd;
  output: 'text' | 'json';
  /** The end of each stream; for `json` the whole of stdout, unless it is too long to be a receipt. */
  stdout: string;
  stderr: string;
  stdout_bytes: number;
  artifacts: Artifacts;
  push_error: string | null;
  output_ref: string;
}

/** Longest JSON receipt that is read, in bytes: half of what one Temporal payload may hold. */
export const RECEIPT_MAX_BYTES = 1_048_576;
const SUMMARY_LINES = 20;
const SUMMARY_MAX = 4_000;
const MESSAGE_MAX = 2_000;

const ENDED_BY: Record<Exclude<RunEnd['reason'], 'exit'>, Failure> = {
  killed: { code: 'killed', message: 'the run was killed' },
  host_lost: { code: 'host_lost', message: 'nobody followed the run for too long, so it ended itself' },
  launcher_lost: { code: 'run_lost', message: 'the launcher of the run died, and the run was ended' },
};

/** Exactly one of receipt and failure is set. */
export function outcomeOf(evidence: RunEvidence): { receipt: Receipt | null; failure: Failure | null } {
  const { end } = evidence;
  if (end.reason !== 'exit') return failed(ENDED_BY[end.reason]);
  if (end.exit_code !== 0) {
    const code = end.exit_code === null ? 'without an exit code' : `with exit code ${end.exit_code}`;
    return failed({ code: 'exit_code', message: withTail(`the agent ended ${code}`, evidence.stderr) });
  }
  const handedIn = evidence.output === 'json' ? jsonReceipt(evidence) : textReceipt(evidence.stdout);
  if ('code' in handedIn) return failed(handedIn);
  if (handedIn.status === 'failed') {
    return failed({ code: 'agent_failed', message: handedIn.summary.slice(0, MESSAGE_MAX) });
  }
  if (evidence.push_error !== null) {
    return failed({
      code: 'push_failed',
      message: withTail('the branch could not be pushed', evidence.push_error),
    });
  }
  return {
    receipt: {
      ...handedIn,
      // What was seen in the repository goes before what the agent says of it.
      artifacts: { ...handedIn.artifacts, ...evidence.artifacts },
      duration_ms: end.duration_ms,
      output_ref: evidence.output_ref,
    },
    failure: null,
  };
}

const failed = (failure: Failure) => ({ receipt: null, failure });

const withTail = (message: string, tail: string) => {
  const end = tail.trim().slice(-MESSAGE_MAX);
  return end === '' ? message : `${message}: ${end}`;
};

const textReceipt = (stdout: string): Receipt => ({
  status: 'completed',
  summary: lastLines(stdout) || 'exit code 0, no output',
  artifacts: {},
  duration_ms: 0,
});

function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-SUMMARY_LINES).join('\n').slice(-SUMMARY_MAX);
}

function jsonReceipt({ stdout, stdout_bytes }: RunEvidence): Receipt | Failure {
  const malformed = (what: string): Failure => ({
    code: 'malformed_output',
    message: `standard output is not one JSON receipt: ${what}; the output is kept`,
  });
  if (stdout_bytes > RECEIPT_MAX_BYTES)
    return malformed(`${stdout_bytes} bytes, at most ${RECEIPT_MAX_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    // The parser's message quotes the output, which may hold what the prompt did.
    return malformed(stdout.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
  const parsed = receiptSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'receipt'}: ${issue.message}`);
  return malformed(issues.join('; '));
}

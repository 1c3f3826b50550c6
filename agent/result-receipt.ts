import { outcomeOf } from '../activities/agent-cli/outcome';
import type { Receipt } from '../contracts/receipt';
import type { AttemptRecord } from './attempt-record';

/** The most that a receipt takes (contracts/receipt.ts), with room for a note. */
const SUMMARY_MAX = 16_000;
/** The server takes receipts of 256 KiB. */
const FILES_MAX_BYTES = 131_072;

/** The output was sent as the log of the attempt. */
const NO_OUTPUT = { output_ref: '', output_tail: '' };

/** What the server is told of a run that has ended. */
export function receiptOf({ result, started, push_error, checkpoint }: AttemptRecord): Receipt {
  if (result === null) throw new Error('there is no result yet');
  const { failure, end, parsed, artifacts } = result;
  const outcome = failure
    ? { receipt: null, failure }
    : outcomeOf({ end, parsed, artifacts, push_error, work_dir: started?.work_dir ?? '', ...NO_OUTPUT });
  if (outcome.receipt !== null) {
    const { output_ref: _ref, output_tail: _tail, ...receipt } = outcome.receipt;
    return {
      ...receipt,
      summary: receipt.summary.slice(0, SUMMARY_MAX),
      artifacts: { ...receipt.artifacts, ...bounded(receipt.artifacts.changed_files) },
    };
  }
  const { code, message } = outcome.failure ?? { code: 'no_output', message: 'the run left nothing' };
  return {
    status: 'failed',
    summary: `${code}: ${message}`.slice(0, SUMMARY_MAX),
    // Where the next attempt can go on.
    artifacts: { branch: checkpoint?.branch, commit: checkpoint?.commit },
    duration_ms: end.duration_ms,
  };
}

function bounded(files: string[] | undefined): { changed_files?: string[] } {
  if (files === undefined) return {};
  let bytes = 0;
  const changed_files = files.filter((file) => {
    bytes += Buffer.byteLength(JSON.stringify(file)) + 1;
    return bytes <= FILES_MAX_BYTES;
  });
  return { changed_files };
}

/** For quarantine: nobody can fetch the branch, so it is not named. */
export const unpushed = (receipt: Receipt, agentId: string): Receipt => ({
  ...receipt,
  summary: `${receipt.summary}\n\nNot pushed: the work is kept by the agent ${agentId}.`,
  artifacts: { ...receipt.artifacts, branch: undefined },
});

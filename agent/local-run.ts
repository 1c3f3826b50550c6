import { ApplicationFailure } from '@temporalio/common';
import type { RunEnd } from '../activities/agent-cli/outcome';
import { parseOutput } from '../activities/agent-cli/parsers/parse-output';
import type { ParsedOutput } from '../activities/agent-cli/parsers/types';
import { findTemplate } from '../activities/agent-cli/templates';
import { followToEnd } from '../activities/ssh/follow-to-end';
import type { Host } from '../activities/ssh/host';
import { killRun } from '../activities/ssh/kill-run';
import { errorRef, OutputCopy, outputRef } from '../activities/ssh/output-copy';
import { startRun } from '../activities/ssh/start-run';
import type { RunRequest, StartedRun } from '../contracts/run';
import type { AttemptRecord } from './attempt-record';
import { rest } from './rest';

const START_AGAIN_MS = 500;
const KILL_AGAIN_MS = 1_000;
const TAIL_BYTES = 32_768;

/** Times in milliseconds. */
export interface RunTimes {
  /** A run that no agent has followed for this long ends itself. */
  abandon_after_ms: number;
  kill_grace_ms: number;
}

export const runRequest = (
  { attempt_id, task, lease, checkpoint }: AttemptRecord,
  { abandon_after_ms, kill_grace_ms }: RunTimes,
): RunRequest => ({
  attempt_id,
  task_id: task.id,
  epoch: lease.epoch,
  title: task.title,
  body: { inline: task.body },
  labels: task.labels,
  template: task.template,
  repository: task.repository,
  branch_name: task.branch_name,
  checkpoint: checkpoint ?? task.checkpoint,
  findings: task.findings,
  host_lost_after_ms: abandon_after_ms,
  kill_grace_ms,
});

/** Starts the run, or finds the one that an earlier process of this agent has started. Throws a `StartFailure`. */
export async function startLocal(host: Host, request: RunRequest, signal: AbortSignal): Promise<StartedRun> {
  for (;;) {
    try {
      return await startRun(host, request);
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      // A slot of this machine is taken until the run before is seen dead.
      const passes = !error.nonRetryable || error.type === 'slots_full';
      if (!passes || signal.aborted) throw new StartFailure(error.type ?? 'start_failed', error.message);
      host.deps.logger.warn(
        { attempt_id: request.attempt_id, reason: error.type },
        'the start is tried again',
      );
    }
    await rest(START_AGAIN_MS, signal);
  }
}

/** The run cannot be started here; `code` is one of activities/ssh/failures.ts. */
export class StartFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Follows it to its end. Throws the reason of the signal. */
export async function followLocal(
  host: Host,
  run: { request: RunRequest; started: StartedRun },
  signal: AbortSignal,
): Promise<{ end: RunEnd; parsed: ParsedOutput | null }> {
  const { blobs } = host.deps;
  const out = await OutputCopy.open(blobs, outputRef(run.request.attempt_id));
  const err = await OutputCopy.open(blobs, errorRef(run.request.attempt_id));
  const sleep = async (ms: number) => {
    await rest(ms, signal);
    signal.throwIfAborted();
  };
  const end = await followToEnd(host, run, {
    out,
    err,
    // Whoever follows decides by the lease, not by the server's silence.
    engine: { heard: () => true },
    signal,
    beat: () => undefined,
    sleep,
  });
  if (end.reason !== 'exit') return { end, parsed: null };
  const parsed = await parseOutput(cliOf(host, run.request), out.stream(signal), {
    exit_code: end.exit_code,
    stderr: await err.tail(TAIL_BYTES),
    ...(end.ended_at_ms !== null && { ended_at_ms: end.ended_at_ms }),
    ...(end.utc_offset !== null && { time_zone: end.utc_offset }),
  });
  return { end, parsed };
}

/** Returns when the whole process tree was seen dead, or can never start. */
export async function killLocal(host: Host, request: RunRequest): Promise<void> {
  let immediate = false;
  for (;;) {
    const { seen } = await killRun(host, { ...request, immediate });
    if (seen !== 'alive') return;
    immediate = true;
    await new Promise((resolve) => setTimeout(resolve, KILL_AGAIN_MS));
  }
}

/** The template may have changed since the run was started. */
const cliOf = ({ deps }: Host, request: RunRequest) =>
  findTemplate(request.template ?? deps.default_template, deps.templates)?.cli ?? 'text';

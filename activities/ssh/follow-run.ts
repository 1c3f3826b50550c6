import { Context } from '@temporalio/activity';
import { OUTPUT_TAIL_BYTES } from '../../contracts/receipt';
import type { FollowHeartbeat, FollowRequest, RunOutcome } from '../../contracts/run';
import { checkpointOf, outcomeOf, type RunEnd } from '../agent-cli/outcome';
import { parseOutput } from '../agent-cli/parsers/parse-output';
import { sessionPlace } from '../agent-cli/session';
import { findTemplate } from '../agent-cli/templates';
import { type Collected, collectWork } from '../workspace/collect';
import { EngineWatch } from './engine-watch';
import { type Following, followToEnd } from './follow-to-end';
import { type Host, heartbeatEvery } from './host';
import { errorRef, OutputCopy, outputRef } from './output-copy';

/** Of what was said on standard error, for a reason. */
const STDERR_BYTES = 32_768;

/**
 * Follows a run to its end, on whatever worker, as often as needed. When it is cancelled or its worker shuts
 * down it only stops to follow: ending a run is killRun's. Needs an activity context.
 */
export async function followRun(host: Host, { request, started }: FollowRequest): Promise<RunOutcome> {
  const context = Context.current();
  const signal = context.cancellationSignal;
  const { blobs, logger } = host.deps;
  const engine = new EngineWatch(
    host.deps.engineAnswers,
    context.info.heartbeatTimeoutMs ?? request.host_lost_after_ms / 2,
  );
  const out = await OutputCopy.open(blobs, outputRef(request.attempt_id));
  const err = await OutputCopy.open(blobs, errorRef(request.attempt_id));
  const beat = () => {
    const details: FollowHeartbeat = {
      at: Date.now(),
      process: started.process,
      out_offset: out.offset,
      err_offset: err.offset,
    };
    context.heartbeat(details);
    engine.ask();
  };
  const timer = setInterval(beat, heartbeatEvery(host.deps, context.info.heartbeatTimeoutMs));
  try {
    beat();
    const sleep = (ms: number) => context.sleep(ms);
    const end = await followToEnd(host, { request, started }, { out, err, engine, signal, beat, sleep });
    return await conclude(host, { request, started }, end, { out, err, signal });
  } catch (error) {
    // The SDK tells a cancellation, and which, by its own failure.
    if (signal.aborted) await context.cancelled;
    logger.warn({ attempt_id: request.attempt_id, error: String(error) }, 'following failed');
    throw error;
  } finally {
    clearInterval(timer);
  }
}

async function conclude(
  host: Host,
  { request, started }: FollowRequest,
  end: RunEnd,
  { out, err, signal }: Pick<Following, 'out' | 'err' | 'signal'>,
): Promise<RunOutcome> {
  // What a killed run leaves stays on the host: its task may be someone else's by now.
  const work = { work_dir: started.work_dir, branch: request.branch_name };
  const collected =
    request.repository !== null && end.reason === 'exit'
      ? await collectWork(host.deps.transport, work, signal)
      : NOTHING;
  const parsed =
    end.reason === 'exit'
      ? await parseOutput(cliOf(host, request), out.stream(signal), {
          exit_code: end.exit_code,
          stderr: await err.tail(STDERR_BYTES),
          ...(end.ended_at_ms !== null && { ended_at_ms: end.ended_at_ms }),
          ...(end.utc_offset !== null && { time_zone: end.utc_offset }),
        })
      : null;
  const evidence = {
    end,
    parsed,
    ...collected,
    work_dir: started.work_dir,
    output_ref: out.ref,
    output_tail: await out.tail(OUTPUT_TAIL_BYTES),
  };
  const { receipt, failure } = outcomeOf(evidence);
  host.deps.logger.info(
    {
      attempt_id: request.attempt_id,
      exit_code: end.exit_code,
      failure: failure?.code ?? null,
      warnings: parsed?.warnings ?? [],
    },
    'run ended',
  );
  return {
    receipt,
    failure,
    exit_code: end.exit_code,
    duration_ms: end.duration_ms,
    output_ref: out.ref,
    checkpoint: checkpointOf(
      evidence,
      request.checkpoint,
      sessionPlace(host.deps.hostId, templateName(host, request)),
    ),
  };
}

const NOTHING: Collected = { artifacts: {}, push_error: null };

const templateName = ({ deps }: Host, { template }: FollowRequest['request']) =>
  template ?? deps.default_template;

/** The template may be gone from the config file since the run was started. */
const cliOf = (host: Host, request: FollowRequest['request']) =>
  findTemplate(templateName(host, request), host.deps.templates)?.cli ?? 'text';

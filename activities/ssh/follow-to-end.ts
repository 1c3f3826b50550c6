import type { FollowRequest } from '../../contracts/run';
import type { RunEnd } from '../agent-cli/outcome';
import type { EngineWatch } from './engine-watch';
import { isUnreachable, neverBegan } from './failures';
import { look } from './follow-poll';
import type { Host } from './host';
import { killRun } from './kill-run';
import type { OutputCopy } from './output-copy';
import { Pace } from './pace';
import { SignOfLife } from './sign-of-life';

const POLL_MS = 500;
/** A look is given up after a third of the time after which the run is lost, but not before this. */
const LOOK_MS = 1_000;

/** What a follower brings along: where the output goes, and how it waits. */
export interface Following {
  out: OutputCopy;
  err: OutputCopy;
  engine: Pick<EngineWatch, 'heard'>;
  signal: AbortSignal;
  /** Called after each look. */
  beat: () => void;
  /** Rejects when the signal is aborted. */
  sleep(ms: number): Promise<void>;
}

/**
 * Copies output until the record of the run is there, and all of its output with it.
 * Throws the reason of the signal, and failures of `failures.ts`.
 */
export async function followToEnd(
  host: Host,
  { request, started }: FollowRequest,
  following: Following,
): Promise<RunEnd> {
  const { out, err, engine, signal, beat, sleep } = following;
  const { host_lost_after_ms } = request;
  const pace = new Pace(host.deps.poll_ms ?? POLL_MS, host_lost_after_ms);
  const life = new SignOfLife(host_lost_after_ms, request.kill_grace_ms);
  const timeout_ms = Math.max(LOOK_MS, host_lost_after_ms / 3);
  for (;;) {
    // The first look only asks for the clock of the host.
    const first = !life.known;
    let behindAndMoving = false;
    const askedAt = performance.now();
    try {
      const seen = await look(
        host,
        {
          run: started.run_dir,
          ...life.give(engine.heard()),
          out_offset: out.offset,
          err_offset: err.offset,
        },
        { signal, timeout_ms },
      );
      const took_ms = performance.now() - askedAt;
      life.answered(seen.clock_cs);
      const behind = (await out.take(seen.out)) + (await err.take(seen.err));
      const moved = seen.out.chunk.length + seen.err.chunk.length > 0;
      pace.saw(moved, took_ms);
      behindAndMoving = behind > 0 && moved;
      if (seen.state === 'gone') return LOST;
      if (seen.state === 'over' && behind === 0) return seen.end ?? LOST;
      if (seen.state === 'lost') {
        await killRun(host, { ...request, immediate: false }, 'launcher_lost');
        continue;
      }
    } catch (error) {
      if (signal.aborted || !isUnreachable(error)) throw error;
      if (neverBegan(error)) life.notSent();
      if (life.fenced) return { ...LOST, reason: 'host_lost' };
      pace.saw(false);
      host.deps.logger.warn({ attempt_id: request.attempt_id, error: String(error) }, 'host does not answer');
    }
    beat();
    if (!behindAndMoving && !(first && life.known)) await sleep(pace.pause_ms);
  }
}

const LOST: RunEnd = {
  exit_code: null,
  reason: 'launcher_lost',
  duration_ms: 0,
  ended_at_ms: null,
  utc_offset: null,
};

import { Context } from '@temporalio/activity';
import type { HostActivities } from '../../contracts/run';
import { followRun } from './follow-run';
import { Host, type HostDeps, heartbeatEvery } from './host';
import { killRun } from './kill-run';
import { startRun } from './start-run';

/** The activities of one host, for a worker on its queue. */
export function createHostActivities(deps: HostDeps): HostActivities {
  const host = new Host(deps);
  return {
    // A start may clone a large repository, and a kill waits for its grace.
    startRun: (request) => heartbeating(deps, () => startRun(host, request)),
    followRun: (request) => followRun(host, request),
    killRun: (request) => heartbeating(deps, () => killRun(host, request)),
  };
}

/** Heartbeats while something runs that goes to its end, cancelled or not. */
async function heartbeating<T>(deps: HostDeps, run: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), heartbeatEvery(deps, context.info.heartbeatTimeoutMs));
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}

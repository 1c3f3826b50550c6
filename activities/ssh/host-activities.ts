import type { HostActivities } from '../../contracts/run';
import { followRun } from './follow-run';
import { Host, type HostDeps } from './host';
import { killRun } from './kill-run';
import { startRun } from './start-run';

/** The activities of one host, for a worker on its queue. */
export function createHostActivities(deps: HostDeps): HostActivities {
  const host = new Host(deps);
  return {
    startRun: (request) => startRun(host, request),
    followRun: (request) => followRun(host, request),
    killRun: (request) => killRun(host, request),
  };
}

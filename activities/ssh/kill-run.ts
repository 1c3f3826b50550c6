import type { KillReport, KillRequest } from '../../contracts/run';
import { hostFailure } from './failures';
import { parseFields } from './fields';
import type { Host } from './host';
import { killScript } from './scripts/kill-sh';

const SEEN = ['dead', 'never_started', 'already_dead', 'alive'] as const;

/**
 * Ends the run of an attempt and reports what was seen. Before the start it leaves a tombstone, which the
 * launcher finds. Safe to repeat. `order` is what the record will say.
 */
export async function killRun(
  host: Host,
  request: KillRequest,
  order: 'killed' | 'launcher_lost' = 'killed',
): Promise<KillReport> {
  const began = Date.now();
  const { run, run_root } = await host.runDirectory(request.attempt_id);
  const grace_cs = request.immediate ? 0 : Math.max(1, Math.ceil(request.kill_grace_ms / 10));
  // Without an abort signal: a kill that was begun goes to its end.
  const result = await host.run(killScript({ attempt: request.attempt_id, run_root, run, grace_cs, order }), {
    urgent: true,
  });
  const { fields } = parseFields(result.stdout);
  const seen = SEEN.find((word) => word === fields.get('seen'));
  if (seen === undefined)
    throw hostFailure('host_unreachable', `host ${host.deps.hostId}: the kill gave no answer`);
  const report: KillReport = {
    attempt_id: request.attempt_id,
    seen,
    signals: words(fields.get('signals')),
    survivors: words(fields.get('survivors')).map(Number),
    duration_ms: Date.now() - began,
  };
  host.deps.logger.info({ ...report, order }, 'run killed');
  return report;
}

const words = (text = '') => text.split(' ').filter((word) => word !== '');

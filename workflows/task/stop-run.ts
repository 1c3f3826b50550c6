import { ActivityCancellationType, proxyActivities, sleep } from '@temporalio/workflow';
import type { HostActivities } from '../../contracts/run';
import { holderId, hostQueue } from '../names';
import { stopped } from '../rules/attempt';
import type { Machine } from './machine';
import type { Stop } from './types';

const PAUSE_MS = 1_000;
/** Connecting, sweeping and looking again, beside the grace itself. */
const KILL_OVERHEAD_MS = 30_000;

/** Kills until the run is seen dead. Ends earlier only when the launcher's own watch has killed it (`fenced_at`). */
export async function stopRun(stop: Stop, machine: Machine): Promise<void> {
  const grace = machine.state.input.kill_grace_ms;
  const { killRun } = proxyActivities<HostActivities>({
    taskQueue: hostQueue(holderId(stop.holder)),
    startToCloseTimeout: 2 * grace + KILL_OVERHEAD_MS,
    retry: { initialInterval: PAUSE_MS, maximumInterval: 30_000 },
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    summary: `stop epoch ${stop.epoch} on ${stop.holder}`,
  });
  for (;;) {
    const report = await killRun({
      attempt_id: stop.attempt_id,
      kill_grace_ms: grace,
      immediate: stop.immediate,
    });
    if (report.seen !== 'alive') {
      const signals = report.signals.join(', ') || 'no signal needed';
      const message = `epoch ${stop.epoch} seen ${report.seen} after ${report.duration_ms} ms (${signals})`;
      machine.apply((state, now) => stopped(state, stop.attempt_id, message, now));
      return;
    }
    await sleep(PAUSE_MS, { summary: 'before the next kill' });
  }
}

import { condition, proxyActivities } from '@temporalio/workflow';
import type { HolderRef } from '../../contracts/task';
import { CONTROL_QUEUE } from '../names';
import { nextSweepAt, swept } from '../rules/kill';
import type { ControlActivities } from '../task/activity-types';
import type { HolderState } from './types';

/** One look at the index, and a signal for each task that it shows. */
const SWEEP_MS = 30_000;

export interface Killed {
  readonly state: HolderState;
  apply(rule: (state: HolderState) => HolderState): void;
}

/** Takes from a killed holder what it holds, and what is granted to it yet, until nothing can come any more. */
export async function sweepUntilSettled(holder: HolderRef, machine: Killed): Promise<void> {
  const { fenceHolder } = proxyActivities<ControlActivities>({
    taskQueue: CONTROL_QUEUE,
    startToCloseTimeout: SWEEP_MS,
    retry: { initialInterval: 1_000, maximumInterval: 5_000 },
    summary: `fence what ${holder} holds`,
  });
  for (let at = nextSweepAt(machine.state); at !== null; at = nextSweepAt(machine.state)) {
    const { killed } = machine.state;
    if (!killed) return;
    const { id, by, reason, sweeps } = killed;
    const wait = at - Date.now();
    // A newer kill does not wait for the next look of this one.
    if (wait > 0 && (await condition(() => machine.state.killed?.id !== id, wait))) continue;
    const begunAt = Date.now();
    const found = await fenceHolder({ holder, order: { id, by, reason }, sweep: sweeps });
    machine.apply((state) => swept(state, id, found, begunAt));
  }
}

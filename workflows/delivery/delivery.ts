/** One delivery of a forge, from its acknowledgement until what it asks for is done. */
import { proxyActivities } from '@temporalio/workflow';
import type { Delivery } from '../../contracts/forge';
import { FORGE_QUEUE } from '../names';
import type { ForgeActivities } from './activity-types';

/** A few calls to the forge and the engine, each of which has its own limit. */
const HANDLE_MS = 120_000;
/** For a forge that is away over a long week-end; later, what was delivered says little about how it is now. */
const GIVE_UP_MS = 7 * 24 * 3_600_000;
const MAX_BACK_OFF_MS = 300_000;

/** @returns one line for each thing done, for people */
export async function delivery(input: Delivery): Promise<string[]> {
  const { event } = input;
  const { handleDelivery } = proxyActivities<ForgeActivities>({
    taskQueue: FORGE_QUEUE,
    startToCloseTimeout: HANDLE_MS,
    scheduleToCloseTimeout: GIVE_UP_MS,
    retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: MAX_BACK_OFF_MS },
    summary: `${event.kind} of ${event.repository.full_name}`,
  });
  return handleDelivery(input);
}

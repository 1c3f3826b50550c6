/** One renewal as the server takes it: a heartbeat of the activity that is the lease. No history event. */
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ActivityResetError,
} from '@temporalio/client';
import { taskWorkflowId } from '../workflows/names';
import type { LeaseHeartbeat } from '../workflows/task/activity-types';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';

/** `not_found` is no proof of anything: see renew.ts. */
export type Beat = 'renewed' | 'revoked' | 'not_found';

export async function leaseHeartbeat(
  { client }: Pick<ApiContext, 'client'>,
  lease: { taskId: string; activityId: string },
  details: LeaseHeartbeat,
): Promise<Beat> {
  const id = { workflowId: taskWorkflowId(lease.taskId), activityId: lease.activityId };
  try {
    await within(client, ENGINE_MS, () => client.activity.heartbeat(id, details));
    return 'renewed';
  } catch (error) {
    if (error instanceof ActivityNotFoundError) return 'not_found';
    // An operator paused or reset the activity in Temporal: that says nothing about the lease.
    if (error instanceof ActivityPausedError || error instanceof ActivityResetError) return 'renewed';
    if (!(error instanceof ActivityCancelledError)) throw error;
    // Lets go of the activity; should that fail, its timeout does the same later.
    await within(client, ENGINE_MS, () => client.activity.reportCancellation(id)).catch(() => undefined);
    return 'revoked';
  }
}

import { CompleteAsyncError } from '@temporalio/activity';
import type { ControlActivities } from '../../workflows/task/activity-types';

/**
 * Activities that are only a clock on the server: they leave at once without ending, and live as long as
 * somebody heartbeats them by id.
 */
export const holdActivities: Pick<ControlActivities, 'holdLease' | 'holdPresence'> = {
  async holdLease() {
    throw new CompleteAsyncError();
  },
  async holdPresence() {
    throw new CompleteAsyncError();
  },
};

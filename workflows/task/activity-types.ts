/** The activities by which a lease and a presence are kept. */
import type { Checkpoint } from '../../contracts/receipt';
import type { HolderRef } from '../../contracts/task';

export interface HoldLeaseArgs {
  task_id: string;
  holder: HolderRef;
  epoch: number;
}

/** Details of a lease heartbeat, written by the API at each renewal. */
export interface LeaseHeartbeat {
  at: number;
  progress: string | null;
  checkpoint: Checkpoint | null;
  /** When the holder told the checkpoint, in milliseconds since 1970: later renewals repeat it. */
  checkpoint_at?: number;
}

export interface ControlActivities {
  /** Never returns by itself: it is kept alive by renewals and ends by expiry or cancellation. */
  holdLease(args: HoldLeaseArgs): Promise<void>;
  holdPresence(holder: HolderRef): Promise<void>;
}

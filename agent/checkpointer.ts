import { makeCheckpoint } from '../activities/workspace/checkpoint';
import type { AttemptDeps } from './attempt-deps';
import type { AttemptRecord } from './attempt-record';
import type { LeaseKeeper } from './lease-keeper';
import { rest } from './rest';

export interface CheckpointPlace {
  record: AttemptRecord;
  deps: AttemptDeps;
  keeper: LeaseKeeper;
  work_dir: string;
}

/** Pushes what there is every so often while the lease is good. Until the signal is aborted; never rejects. */
export async function keepCheckpoints(place: CheckpointPlace, signal: AbortSignal): Promise<void> {
  const { deps, record } = place;
  if (record.task.repository === null) return;
  for (;;) {
    await rest(deps.checkpoint_every_ms, signal);
    if (signal.aborted) return;
    try {
      if (place.keeper.good) await checkpointNow(place, signal);
    } catch (error) {
      if (signal.aborted) return;
      deps.logger.warn({ task_id: record.task.id, error: String(error) }, 'no checkpoint could be made');
    }
  }
}

/**
 * Commits, pushes, and tells it with the next renewal; with `ifDirty` only what nobody has committed. Whether there are changes that nobody has committed.
 * Throws the reason of the signal.
 */
export async function checkpointNow(
  { record, deps, keeper, work_dir }: CheckpointPlace,
  signal: AbortSignal,
  { ifDirty = false } = {},
): Promise<boolean> {
  const { task, lease } = record;
  const work = {
    work_dir,
    branch: task.branch_name,
    epoch: lease.epoch,
    last: record.checkpoint?.commit ?? null,
    ifDirty,
  };
  const { checkpoint, dirty, error } = await makeCheckpoint(deps.host.deps.transport, work, signal);
  if (error !== null) deps.logger.warn({ task_id: task.id, error }, 'a checkpoint could not be pushed');
  if (checkpoint !== null && checkpoint.commit !== record.checkpoint?.commit) {
    record.checkpoint = { ...record.checkpoint, ...checkpoint };
    await deps.outbox.save(record);
    keeper.setCheckpoint(record.checkpoint);
    // Told at once: what nobody knows of is lost with this machine.
    keeper.hurry();
  }
  return dirty;
}

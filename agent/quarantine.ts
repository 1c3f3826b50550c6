/** Work that was overtaken: kept on this machine for a person, never pushed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Receipt } from '../contracts/receipt';
import type { AttemptRecord } from './attempt-record';
import { writeDurable } from './durable-file';
import { entryName } from './outbox';
import type { Fence } from './verdict';

export interface Quarantined {
  task_id: string;
  epoch: number;
  attempt_id: string;
  /**
   * `fenced_abort`: the run was stopped. `late_receipt`: it had ended, and its receipt came too late.
   * `refused_receipt`: the server finds that it does not fit.
   */
  kind: 'fenced_abort' | 'late_receipt' | 'refused_receipt';
  why: Fence;
  /** Of the receipt on the server, which a person accepts or discards. */
  quarantine_id: string | null;
  receipt: Receipt | null;
  /** What was in the work directory; null when nothing was there. */
  work: string | null;
  at: string;
}

/** @param folder of all that is in quarantine, and where the work directory of the attempt is */
export async function quarantine(
  { folder, work_dir }: { folder: string; work_dir: string },
  record: AttemptRecord,
  found: Pick<Quarantined, 'kind' | 'why' | 'quarantine_id' | 'receipt'>,
): Promise<Quarantined> {
  const place = join(folder, entryName(record));
  await mkdir(place, { recursive: true, mode: 0o700 });
  const work = join(place, 'work');
  // Done before by a process that was killed: the next attempt may have a new one there.
  if (!existsSync(work) && existsSync(work_dir)) await rename(work_dir, work);
  const entry: Quarantined = {
    task_id: record.task.id,
    epoch: record.lease.epoch,
    attempt_id: record.attempt_id,
    ...found,
    work: existsSync(work) ? work : null,
    at: new Date().toISOString(),
  };
  await writeDurable(join(place, 'report.json'), `${JSON.stringify(entry, null, 2)}\n`);
  return entry;
}

/** Oldest first. */
export function listQuarantine(folder: string): Quarantined[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name, 'report.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Quarantined)
    .sort((a, b) => a.at.localeCompare(b.at));
}

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptRecord } from './attempt-record';
import { removeDurable, writeDurable } from './durable-file';

/** Attempts that the server has not answered for yet: one file each, below one directory. */
export class Outbox {
  private seq = 0;
  private readonly writing = new Map<string, Promise<void>>();

  constructor(private readonly folder: string) {}

  nextSeq(): number {
    this.seq += 1;
    return this.seq;
  }

  /** Oldest first. A file that cannot be read is named by `unreadable` and left where it is. */
  load(unreadable: (path: string) => void = () => undefined): AttemptRecord[] {
    const records: AttemptRecord[] = [];
    for (const name of filesIn(this.folder)) {
      const path = join(this.folder, name);
      try {
        records.push(JSON.parse(readFileSync(path, 'utf8')) as AttemptRecord);
      } catch {
        unreadable(path);
      }
    }
    records.sort((a, b) => a.seq - b.seq);
    this.seq = Math.max(this.seq, ...records.map(({ seq }) => seq));
    return records;
  }

  /** Durable when it resolves. Writes of one attempt come after each other. */
  save(record: AttemptRecord): Promise<void> {
    const content = JSON.stringify(record);
    return this.after(record, () => writeDurable(this.pathOf(record), content));
  }

  remove(record: AttemptRecord): Promise<void> {
    return this.after(record, () => removeDurable(this.pathOf(record)));
  }

  private after({ attempt_id }: AttemptRecord, write: () => Promise<void>): Promise<void> {
    const before = this.writing.get(attempt_id) ?? Promise.resolve();
    const done = before.then(write, write);
    this.writing.set(attempt_id, done);
    return done;
  }

  private pathOf = (record: AttemptRecord) => join(this.folder, `${entryName(record)}.json`);
}

/** Of an attempt in the state directory; task ids hold characters that file names do not. */
export const entryName = ({ attempt_id, task, lease }: AttemptRecord): string =>
  `${task.id.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 60)}-${lease.epoch}-${createHash('sha256').update(attempt_id).digest('hex').slice(0, 8)}`;

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

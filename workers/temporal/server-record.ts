import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../error-code';
import { processIdentity } from '../process-identity';

/** What a state directory remembers of its embedded server, in `temporal.json`. */
export interface ServerRecord {
  port: number;
  ui_port: number | null;
  namespace: string;
  /** Those of its latest life. */
  pid: number;
  guard_pid: number;
  guard_identity: string | null;
}

const POLL_MS = 50;

const recordPath = (folder: string) => join(folder, 'temporal.json');

export function readServerRecord(folder: string): ServerRecord | null {
  try {
    return JSON.parse(readFileSync(recordPath(folder), 'utf8')) as ServerRecord;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function writeServerRecord(folder: string, record: ServerRecord): void {
  const aside = `${recordPath(folder)}.${randomBytes(4).toString('hex')}`;
  writeFileSync(aside, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(aside, recordPath(folder));
}

/**
 * Waits until the server of a supervisor that was killed is gone, for it holds the port and the
 * database; after `graceMs` it is killed.
 */
export async function awaitPreviousGone(record: ServerRecord, graceMs: number): Promise<void> {
  const alive = () =>
    record.guard_identity !== null && processIdentity(record.guard_pid) === record.guard_identity;
  const giveUp = Date.now() + graceMs;
  while (alive()) {
    if (Date.now() > giveUp) process.kill(-record.guard_pid, 'SIGKILL');
    await pause(POLL_MS);
  }
}

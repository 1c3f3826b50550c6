/**
 * A lock between processes, held by its owner's life: a lock whose owner is dead may be taken over.
 *
 * Lock files are numbered, `<name>.lock.<n>`; the highest one counts. Taking the lock is linking the
 * next number, which exactly one process can do; the winner then removes the lower ones. The
 * highest is never removed, not even by its owner, so that nobody can win a number twice.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from './error-code';
import { processIdentity } from './process-identity';

export interface LockFile {
  release(): void;
}

interface Owner {
  pid: number;
  identity: string | null;
  released: boolean;
}

export class LockHeldError extends Error {
  override readonly name = 'LockHeldError';
  readonly code = 'lock_held';
  constructor(
    readonly path: string,
    readonly pid: number,
  ) {
    super(`${path} is held by the process ${pid}`);
  }
}

/** @throws LockHeldError while another process, or this one, holds it */
export function acquireLock(folder: string, name: string): LockFile {
  mkdirSync(folder, { recursive: true });
  for (;;) {
    const top = highest(folder, name);
    const path = lockPath(folder, name, top);
    const owner = top === 0 ? null : readOwner(path);
    if (owner !== null && isHeld(owner)) throw new LockHeldError(path, owner.pid);
    if (linkNext(folder, name, top + 1)) return new HeldLock(folder, name, top + 1);
  }
}

class HeldLock implements LockFile {
  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly number: number,
  ) {}

  release(): void {
    const path = lockPath(this.folder, this.name, this.number);
    const aside = writeAside(this.folder, this.name, { ...self(), released: true });
    renameSync(aside, path);
  }
}

/** False when another process was first. */
function linkNext(folder: string, name: string, number: number): boolean {
  const path = lockPath(folder, name, number);
  const aside = writeAside(folder, name, self());
  try {
    linkSync(aside, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  // Whoever looked long ago may link a number that was used and removed since.
  if (highest(folder, name) !== number) {
    rmSync(path, { force: true });
    return false;
  }
  for (const lower of numbers(folder, name)) {
    if (lower < number) rmSync(lockPath(folder, name, lower), { force: true });
  }
  return true;
}

const lockPath = (folder: string, name: string, number: number) => join(folder, `${name}.lock.${number}`);
const self = (): Owner => ({ pid: process.pid, identity: processIdentity(process.pid), released: false });

function writeAside(folder: string, name: string, owner: Owner): string {
  const aside = join(folder, `${name}.owner.${process.pid}.${randomBytes(4).toString('hex')}`);
  writeFileSync(aside, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
  return aside;
}

function numbers(folder: string, name: string): number[] {
  const prefix = `${name}.lock.`;
  return readdirSync(folder)
    .filter((entry) => entry.startsWith(prefix))
    .map((entry) => Number(entry.slice(prefix.length)))
    .filter(Number.isSafeInteger);
}

const highest = (folder: string, name: string) => Math.max(0, ...numbers(folder, name));

/** Null when it was removed in between (a higher one is there by then) or cut short by a power failure. */
function readOwner(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return null;
    throw error;
  }
}

function isHeld(owner: Owner): boolean {
  return !owner.released && owner.identity !== null && processIdentity(owner.pid) === owner.identity;
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { acquireLock, LockHeldError } from '../../workers/lock-file';
import { processIdentity } from '../../workers/process-identity';

describe('a lock file', () => {
  let folder: string;
  const locks = () => readdirSync(folder).filter((name) => name.includes('.lock.'));
  const write = (number: number, owner: object) =>
    writeFileSync(join(folder, `box.lock.${number}`), JSON.stringify({ released: false, ...owner }));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-lock-'));
  });

  it('is held once, and names its holder', () => {
    acquireLock(folder, 'box');
    expect(() => acquireLock(folder, 'box')).toThrow(LockHeldError);
    expect(() => acquireLock(folder, 'box')).toThrow(`is held by the process ${process.pid}`);
  });

  it('is free again after release', () => {
    acquireLock(folder, 'box').release();
    acquireLock(folder, 'box').release();
    expect(locks()).toEqual(['box.lock.2']);
  });

  it('does not stand in the way of another name', () => {
    acquireLock(folder, 'box');
    expect(() => acquireLock(folder, 'other')).not.toThrow();
  });

  it('is taken over from a process that is gone', () => {
    const { pid } = spawnSync('true');
    write(7, { pid, identity: 'boot:1' });
    acquireLock(folder, 'box');
    expect(locks()).toEqual(['box.lock.8']);
  });

  it('is taken over when the pid belongs to another process by now', () => {
    write(1, { pid: process.pid, identity: 'another boot:1' });
    expect(() => acquireLock(folder, 'box')).not.toThrow();
  });

  it('is kept from a process that is alive', () => {
    write(3, { pid: process.ppid, identity: processIdentity(process.ppid) });
    expect(() => acquireLock(folder, 'box')).toThrow(`is held by the process ${process.ppid}`);
  });

  it('survives a lock that a power failure cut short', () => {
    writeFileSync(join(folder, 'box.lock.1'), '');
    expect(() => acquireLock(folder, 'box')).not.toThrow();
  });

  it('leaves nothing else behind', () => {
    acquireLock(folder, 'box').release();
    expect(readdirSync(folder)).toEqual(['box.lock.1']);
  });
});

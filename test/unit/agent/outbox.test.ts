import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AttemptRecord, newRecord } from '../../../agent/attempt-record';
import { Outbox } from '../../../agent/outbox';
import type { Work } from '../../../contracts/task';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-outbox-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function record(outbox: Outbox, id: string, epoch = 1): AttemptRecord {
  const task = { id } as Work;
  const lease = { epoch, renew_every_s: 1 };
  return newRecord({ task, lease }, { seq: outbox.nextSeq(), attempt_id: `${id}@${epoch}-x` });
}

describe('the outbox', () => {
  it('gives what it holds to a later process, oldest first, and goes on counting', async () => {
    const outbox = new Outbox(folder);
    for (const id of ['z', 'a', 'm/1', 'm 1']) await outbox.save(record(outbox, id));
    const later = new Outbox(folder);
    expect(later.load().map(({ task }) => task.id)).toEqual(['z', 'a', 'm/1', 'm 1']);
    expect(later.nextSeq()).toBe(5);
  });

  it('keeps the last of many writes that were begun at once, and nothing after the removal', async () => {
    const outbox = new Outbox(folder);
    const one = record(outbox, 'one');
    const two = record(outbox, 'two');
    const writes = Array.from({ length: 20 }, (_, n) => outbox.save({ ...one, taken_at: String(n) }));
    writes.push(outbox.save(two), outbox.remove(two));
    await Promise.all(writes);
    expect(outbox.load()).toMatchObject([{ taken_at: '19' }]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('leaves alone what a crash has cut short, and says so of a file that cannot be read', async () => {
    const outbox = new Outbox(folder);
    await outbox.save(record(outbox, 'whole'));
    writeFileSync(join(folder, 'half.json.1.ab.new'), '{"att');
    writeFileSync(join(folder, 'torn.json'), '{"att');
    const unreadable: string[] = [];
    expect(outbox.load((path) => unreadable.push(path))).toHaveLength(1);
    expect(unreadable).toEqual([join(folder, 'torn.json')]);
  });

  it('shows the lease token to nobody else', async () => {
    const outbox = new Outbox(folder);
    await outbox.save(record(outbox, 'secret'));
    const [name = ''] = readdirSync(folder);
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });
});

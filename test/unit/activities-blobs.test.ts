import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BlobGapError, DirectoryBlobStore } from '../../activities/blobs/directory-store';

let root: string;
let blobs: DirectoryBlobStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-blobs-'));
  blobs = new DirectoryBlobStore(join(root, 'blobs'));
});
afterEach(() => rmSync(root, { recursive: true }));

const text = async (ref: string, range?: { start?: number; end?: number }) => {
  const found = await blobs.read(ref, range);
  return found === null ? null : Buffer.from(found).toString();
};

describe('content', () => {
  it('is named by its hash and read back', async () => {
    const { ref, bytes } = await blobs.put('héllo');
    expect(ref).toBe(`sha256:${createHash('sha256').update('héllo').digest('hex')}`);
    expect(bytes).toBe(6);
    expect(await text(ref)).toBe('héllo');
    expect(await blobs.size(ref)).toBe(6);
  });

  it('the same twice, from a string, bytes and a stream, is one', async () => {
    async function* pieces() {
      yield Buffer.from('ab');
      yield Buffer.from('c');
    }
    const refs = await Promise.all([blobs.put('abc'), blobs.put(Buffer.from('abc')), blobs.put(pieces())]);
    expect(new Set(refs.map(({ ref }) => ref)).size).toBe(1);
    expect(readdirSync(join(root, 'blobs', 'partial'))).toEqual([]);
  });

  it('a stream that breaks off leaves nothing', async () => {
    async function* broken() {
      yield Buffer.from('ab');
      throw new Error('cut');
    }
    await expect(blobs.put(broken())).rejects.toThrow('cut');
    expect(readdirSync(join(root, 'blobs', 'partial'))).toEqual([]);
  });

  it('is not for other users', async () => {
    await blobs.put('abc');
    expect(statSync(join(root, 'blobs', 'sha256')).mode & 0o077).toBe(0);
  });

  it('empty is content too', async () => {
    const { ref } = await blobs.put('');
    expect(await text(ref)).toBe('');
    expect(await text(ref, { start: 0, end: 10 })).toBe('');
  });
});

describe('ranges', () => {
  const ranges: Array<[{ start?: number; end?: number }, string]> = [
    [{}, '0123456789'],
    [{ start: 7 }, '789'],
    [{ end: 3 }, '012'],
    [{ start: 2, end: 5 }, '234'],
    [{ start: 8, end: 99 }, '89'],
    [{ start: 10 }, ''],
    [{ start: 99 }, ''],
    [{ start: 5, end: 5 }, ''],
    [{ start: -3, end: 2 }, '01'],
  ];
  it.each(ranges)('%j', async (range, expected) => {
    const { ref } = await blobs.put('0123456789');
    expect(await text(ref, range)).toBe(expected);
  });
});

describe('names that are none', () => {
  it.each([
    ['unknown content', `sha256:${'0'.repeat(64)}`],
    ['a path', 'sha256:../../etc/passwd'],
    ['another scheme', 'file:/etc/passwd'],
    ['unknown output', 'output:none'],
    ['nothing', ''],
  ])('%s', async (_, ref) => {
    expect(await blobs.read(ref)).toBeNull();
    expect(await blobs.read(ref, { start: 1 })).toBeNull();
    expect(await blobs.stream(ref)).toBeNull();
    expect(await blobs.size(ref)).toBeNull();
  });
});

describe('output', () => {
  it('grows by offset; a repeated chunk changes nothing', async () => {
    await blobs.append('output:a', 0, Buffer.from('hello '));
    await blobs.append('output:a', 6, Buffer.from('world'));
    await blobs.append('output:a', 0, Buffer.from('hello '));
    await blobs.append('output:a', 3, Buffer.from('lo wor'));
    expect(await text('output:a')).toBe('hello world');
  });

  it('a gap is refused, and nothing is written', async () => {
    await blobs.append('output:a', 0, Buffer.from('abc'));
    await expect(blobs.append('output:a', 4, Buffer.from('x'))).rejects.toThrow(BlobGapError);
    expect(await text('output:a')).toBe('abc');
  });

  it('nothing at all reads as empty', async () => {
    await blobs.append('output:a', 0, new Uint8Array());
    expect(await blobs.size('output:a')).toBe(0);
    expect(await text('output:a')).toBe('');
  });

  it('an attempt id may hold anything, and stays in the store', async () => {
    for (const id of ['org/repo#1/7', '../../../tmp/x', 'x'.repeat(400)]) {
      await blobs.append(`output:${id}`, 0, Buffer.from(id));
      expect(await text(`output:${id}`)).toBe(id);
    }
    expect(readdirSync(root)).toEqual(['blobs']);
  });

  it('first chunks at the same time do not undo each other', async () => {
    await Promise.all(Array.from({ length: 20 }, () => blobs.append('output:a', 0, Buffer.from('same'))));
    expect(await text('output:a')).toBe('same');
  });
});

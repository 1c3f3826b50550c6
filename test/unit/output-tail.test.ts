import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DirectoryBlobStore } from '../../activities/blobs/directory-store';
import { OutputCopy } from '../../activities/ssh/output-copy';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-tail-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function tail(content: string | Buffer, bytes: number) {
  const copy = await OutputCopy.open(new DirectoryBlobStore(folder), 'output:a');
  const chunk = Buffer.from(content);
  await copy.take({ size: chunk.length, chunk });
  return copy.tail(bytes);
}

it.each([
  ['the whole when it is no longer', 'whole', 5, 'whole'],
  ['its last bytes', 'the end', 3, 'end'],
  ['nothing of nothing', '', 3, ''],
  ['not the rest of a character of two bytes', 'aöb', 2, 'b'],
  ['a character that is whole', 'aöb', 3, 'öb'],
  ['not the rest of a character of four bytes', 'a😀b', 4, 'b'],
  ['control characters and escapes as they are', 'x\0\u001b[31m\r\n', 9, 'x\0\u001b[31m\r\n'.slice(-9)],
])('gives %s', async (_, content, bytes, expected) => {
  expect(await tail(content, bytes)).toBe(expected);
});

it('replaces bytes that are no UTF-8, and is never longer than what was asked for', async () => {
  expect(await tail(Buffer.alloc(100, 0xff), 50)).toBe('\ufffd'.repeat(50));
  // What could be the rest of a character is left out; more than one can have is not.
  expect(await tail(Buffer.alloc(100, 0x80), 50)).toBe('\ufffd'.repeat(47));
});

import { describe, expect, it } from '@jest/globals';
import { appendLog } from '../../api/append-log';

/** Ten bytes may be kept, of which `there` are. */
function blob(there: string) {
  let text = there;
  const blobs = {
    size: async () => (text === '' ? null : text.length),
    append: async (_: string, offset: number, chunk: Uint8Array) => {
      text = text.slice(0, offset) + Buffer.from(chunk).toString() + text.slice(offset + chunk.byteLength);
    },
  };
  const append = (offset: number, chunk: string) =>
    appendLog(blobs, 'output:a', offset, Buffer.from(chunk), 10);
  return { append, text: () => text };
}

describe('a chunk', () => {
  it.each([
    ['the first', '', 0, 'abc', 3, 'abc'],
    ['the next', 'abc', 3, 'de', 5, 'abcde'],
    ['a repeat', 'abc', 0, 'abc', 3, 'abc'],
    ['a part of a repeat', 'abc', 1, 'b', 3, 'abc'],
    ['one that overlaps', 'abc', 2, 'cd', 4, 'abcd'],
    ['one that says otherwise what is there', 'abc', 2, 'xd', 4, 'abcd'],
    ['nothing', 'abc', 0, '', 3, 'abc'],
    ['nothing at the end', 'abc', 3, '', 3, 'abc'],
    ['one that fills it', 'abc', 3, '1234567', 10, 'abc1234567'],
  ])('%s', async (_, there, offset, chunk, next, text) => {
    const log = blob(there);
    expect(await log.append(offset, chunk)).toBe(next);
    expect(log.text()).toBe(text);
  });

  it.each([
    ['behind the end', 'abc', 4, 'x', 416, 'log_gap', 3],
    ['behind the end of nothing', '', 1, 'x', 416, 'log_gap', 0],
    ['nothing, behind the end', 'abc', 4, '', 416, 'log_gap', 3],
    ['too much', 'abc', 3, '12345678', 413, 'log_full', 3],
  ])(
    '%s is refused, and nothing of it written',
    async (_, there, offset, chunk, statusCode, code, expected_offset) => {
      const log = blob(there);
      await expect(log.append(offset, chunk)).rejects.toMatchObject({
        statusCode,
        code,
        extras: { members: { expected_offset } },
      });
      expect(log.text()).toBe(there);
    },
  );
});

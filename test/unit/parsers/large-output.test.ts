/** What every parser does with a line that is far longer than it may hold. */
import { describe, expect, it } from '@jest/globals';
import { ChangedFiles } from '../../../activities/agent-cli/parsers/changed-files';
import { parseOutput } from '../../../activities/agent-cli/parsers/parse-output';
import { LINE_MAX_BYTES } from '../../../activities/agent-cli/parsers/types';
import type { CliName } from '../../../contracts/template';
import { liveBuffers } from '../../helpers/live-buffers';
import { claude, codex, gemini, lines, opencode } from './streams';

const MB = 1_048_576;
/** As files are read. */
const BLOCK = 65_536;

/** What comes before a text of 50 MB, and after it; the text is the value of a field. */
const AROUND: Record<Exclude<CliName, 'receipt'>, [string, string]> = {
  codex: [
    `${lines(codex.thread, codex.turn)}{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"`,
    `"}}\n${lines(codex.said('All done.'), codex.done)}`,
  ],
  claude: [
    `${lines(claude.init)}{"type":"user","session_id":"s-1","message":{"content":[{"type":"tool_result","content":"`,
    `"}]}}\n${lines(claude.result())}`,
  ],
  gemini: [
    `${lines(gemini.init)}{"type":"tool_result","output":"`,
    `"}\n${lines(gemini.delta('All done.'), gemini.done)}`,
  ],
  opencode: [
    `${lines(opencode.start())}{"type":"tool_use","part":{"state":{"output":"`,
    `"}}}\n${lines(opencode.text('All done.'), opencode.finish('stop'))}`,
  ],
  text: ['', '\nAll done.\n'],
};

async function read(cli: CliName, before: string, after: string) {
  const start = liveBuffers();
  let rise = 0;
  async function* output() {
    const block = Buffer.alloc(BLOCK, 'x');
    yield Buffer.from(before);
    for (let i = 0; i < (50 * MB) / BLOCK; i++) {
      yield block;
      if (i % 100 === 99) rise = Math.max(rise, liveBuffers() - start);
    }
    yield Buffer.from(after.slice(0, after.indexOf('\n') + 1));
    yield Buffer.from('noise\n'.repeat(MB / 6));
    yield Buffer.from(after.slice(after.indexOf('\n') + 1));
  }
  const parsed = await parseOutput(cli, output(), { exit_code: 0, stderr: '' });
  return { parsed, rise };
}

describe('a line of 50 MB', () => {
  it.each(['codex', 'claude', 'gemini', 'opencode'] as const)(
    '%s: is skipped, with a warning',
    async (cli) => {
      const { parsed, rise } = await read(cli, ...AROUND[cli]);
      expect(parsed).toMatchObject({ receipt: { summary: 'All done.' }, warnings: ['line_too_long'] });
      expect(rise).toBeLessThan(8 * LINE_MAX_BYTES);
    },
    60_000,
  );

  it('text: only its end is kept', async () => {
    const { parsed, rise } = await read('text', ...AROUND.text);
    expect(parsed.receipt?.summary).toMatch(/^(noise\n)+All done\.$/);
    expect(rise).toBeLessThan(8 * LINE_MAX_BYTES);
  });

  it('receipt: is none, which is said without holding it', async () => {
    const { parsed, rise } = await read('receipt', '{"status":"completed","summary":"', '"}\n');
    expect(parsed.failure).toMatchObject({
      code: 'malformed_output',
      message: expect.stringMatching(/\d+ bytes, at most 1048576/),
    });
    expect(rise).toBeLessThan(8 * LINE_MAX_BYTES);
  });

  it.each(['codex', 'claude'] as const)(
    '%s: a result of that length is told, not taken for none',
    async (cli) => {
      const before = cli === 'codex' ? '{"type":"turn.completed","x":"' : '{"type":"result","result":"';
      const { parsed } = await read(cli, before, '"}\n');
      expect(parsed).toMatchObject({ receipt: null, warnings: ['line_too_long'] });
      expect(parsed.failure?.message).toContain('too long to be read');
    },
    60_000,
  );
});

describe('files that tools propose to write', () => {
  it('of one call are settled together', () => {
    const files = new ChangedFiles();
    for (const path of ['a', 'b']) files.propose('one', path);
    files.propose('two', 'c');
    files.settle('two', false);
    files.settle('one', true);
    expect(files.list()).toEqual(['a', 'b']);
  });

  it('are kept up to a limit until they are settled', () => {
    const files = new ChangedFiles();
    files.propose('i'.repeat(201), 'long id');
    for (let i = 0; i < 3_000; i++) files.propose(`call ${i}`, `file ${i}`);
    for (let i = 0; i < 3_000; i++) files.settle(`call ${i}`, i < 10 || i >= 1_990);
    files.propose('later', 'last');
    files.settle('later', true);
    expect(files.list()).toHaveLength(21);
    expect(files.list().at(-1)).toBe('last');
  });
});

import { describe, expect, it } from '@jest/globals';
import { gemini, lines, opencode, parse } from './streams';

describe('gemini', () => {
  const NOISE = 'YOLO mode is enabled. All tool calls will be automatically approved.\n';

  it('one indented object after noise', async () => {
    const parsed = await parse('gemini', `${NOISE}${JSON.stringify(gemini.document(), null, 2)}\n`);
    expect(parsed.receipt?.summary).toBe('All done.');
    expect(parsed.usage).toEqual({
      model: 'model-large',
      input_tokens: 210,
      output_tokens: 46,
      session_id: 'g-1',
    });
  });

  it('an object that is not the document is none', async () => {
    const other = JSON.stringify({ response: 'x' }, null, 2);
    expect((await parse('gemini', other)).failure?.code).toBe('no_terminal_event');
    const nested = JSON.stringify({ log: gemini.document() }, null, 2);
    expect((await parse('gemini', nested)).failure?.code).toBe('no_terminal_event');
  });

  it('a generic error takes its reason from the noise', async () => {
    const stack =
      'TerminalQuotaError: You have exhausted your capacity. Your quota will reset after 1h30m.\n    at x\n';
    const error = { type: 'Error', message: '[API Error: An unknown error occurred.]', code: 1 };
    const output = stack + JSON.stringify({ error }, null, 2);
    expect((await parse('gemini', output, { exit_code: 1 })).failure).toMatchObject({
      code: 'quota',
      resets_at: '2026-11-21T13:30:00.000Z',
    });
  });

  const ends: Array<[number, string, string]> = [
    [41, '', 'auth'],
    [42, '', 'bad_arguments'],
    [53, 'Reached max session turns', 'max_turns'],
    [130, '', 'interrupted'],
    [7, 'oops', 'exit_code'],
    [1, 'Please set an Auth method in your settings.json or specify GEMINI_API_KEY', 'auth'],
  ];
  it.each(ends)('exit code %d, stderr %j: %s', async (exit_code, stderr, code) => {
    expect((await parse('gemini', '', { exit_code, stderr })).failure?.code).toBe(code);
  });

  it('a stream: the pieces of the last message, files, statistics', async () => {
    const file = {
      type: 'tool_use',
      tool_name: 'write_file',
      tool_id: 't',
      parameters: { file_path: 'a.ts' },
    };
    const output = lines(
      gemini.init,
      { type: 'message', role: 'user', content: 'do it' },
      gemini.delta('I will '),
      gemini.delta('write.'),
      file,
      { type: 'tool_result', tool_id: 't', status: 'success' },
      gemini.delta('All '),
      gemini.delta('done.'),
    );
    expect((await parse('gemini', output)).failure?.code).toBe('no_terminal_event');
    const parsed = await parse('gemini', output + lines(gemini.done));
    expect(parsed.receipt).toMatchObject({
      summary: 'All done.',
      duration_ms: 900,
      artifacts: { changed_files: ['a.ts'] },
      usage: { model: 'model-large', input_tokens: 50, output_tokens: 6 },
    });
  });

  it('a stream that ends in an error', async () => {
    const error = { type: 'FatalTurnLimitedError', message: 'Reached max session turns for this session.' };
    const output = lines(gemini.init, { type: 'result', status: 'error', error, stats: {} });
    expect((await parse('gemini', output)).failure?.code).toBe('max_turns');
  });
});

describe('opencode', () => {
  const { start, text, tool, finish, error } = opencode;
  const write = tool('write', { status: 'completed', input: { filePath: 'a.ts' } });
  const first = [start(), text('Let me see.'), write, finish('tool-calls')];

  it('the end is the last step that stopped by itself; tokens and cost add up', async () => {
    const { receipt } = await parse('opencode', lines(...first, start(), text('All done.'), finish('stop')));
    expect(receipt).toMatchObject({
      summary: 'All done.',
      artifacts: { changed_files: ['a.ts'] },
      usage: { input_tokens: 610, output_tokens: 40, cost_usd: 1, session_id: 'ses_1' },
    });
    expect(receipt?.duration_ms).toBeGreaterThan(0);
  });

  it('no step, an open one, or one that goes on is not the end', async () => {
    const code = async (...events: object[]) =>
      (await parse('opencode', lines(...(events as never[])))).failure?.code;
    expect(await code(...first)).toBe('no_terminal_event');
    expect(await code(...first, start(), text('half'))).toBe('no_terminal_event');
    expect(await code(start(), text('x'), finish('stop'), start())).toBe('no_terminal_event');
    expect(await code(start(), text('x'), finish('length'))).toBe('context_limit');
  });

  it('without reasons, a step that only spoke is the last', async () => {
    expect((await parse('opencode', lines(start(), text('Done.'), finish()))).receipt?.summary).toBe('Done.');
    const tools = lines(start(), text('Hm.'), write, finish());
    expect((await parse('opencode', tools)).failure?.code).toBe('no_terminal_event');
  });

  const errors: Array<[string, object, string]> = [
    ['by its status', { name: 'APIError', data: { message: 'no', statusCode: 429 } }, 'quota'],
    ['by its name', { name: 'ProviderAuthError', data: { message: 'no' } }, 'auth'],
    [
      'by its words',
      { name: 'UnknownError', data: { message: 'The usage limit has been reached' } },
      'quota',
    ],
    ['not at all', { name: 'UnknownError', data: { message: 'hm' } }, 'api_error'],
    [
      'aborted',
      { name: 'MessageAbortedError', data: { message: 'The operation was aborted' } },
      'interrupted',
    ],
  ];
  it.each(errors)('an error, known %s', async (_, value, code) => {
    const output = lines(start(), error(value as never));
    expect((await parse('opencode', output)).failure?.code).toBe(code);
  });

  it('log lines only: a very long one names the limit and its end', async () => {
    const body = `{"type":"usage_limit_reached","resets_at":1795262400,"pad":"${'x'.repeat(40_000)}"}`;
    const log = `INFO  service=bus\nERROR 2026-11-21 service=llm error={"responseBody":${JSON.stringify(body)}}\n`;
    for (const exit_code of [0, 1]) {
      const { failure } = await parse('opencode', log, { exit_code });
      expect(failure).toMatchObject({ code: 'quota', resets_at: '2026-11-21T12:00:00.000Z' });
      expect(failure?.message.length).toBeLessThan(2_100);
    }
  });

  it('a title of the terminal after the last line is nothing', async () => {
    const output = `\u001b]0;dotfiles: busy\u0007${lines(start(), text('Hi.'), finish('stop'))}\u001b]0;dotfiles: ready\u0007`;
    expect(await parse('opencode', output)).toMatchObject({ receipt: { summary: 'Hi.' }, warnings: [] });
  });
});

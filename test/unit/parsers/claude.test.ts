import { describe, expect, it } from '@jest/globals';
import { claude, lines, parse } from './streams';

const { init, assistant, user, text, result } = claude;

describe('claude', () => {
  it('reads one object', async () => {
    const models = {
      small: { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
      large: { inputTokens: 5, outputTokens: 70, cacheReadInputTokens: 100, cacheCreationInputTokens: 10 },
    };
    const parsed = await parse('claude', JSON.stringify(result({ modelUsage: models })));
    const usage = { model: 'large', input_tokens: 116, output_tokens: 72, cost_usd: 0.25, session_id: 's-1' };
    expect(parsed).toEqual({
      receipt: { status: 'completed', summary: 'All done.', artifacts: {}, duration_ms: 1_200, usage },
      failure: null,
      warnings: [],
      session_id: 's-1',
      model: 'large',
      usage,
      text: 'All done.',
    });
  });

  it('reads a list of all events, and the same as a stream', async () => {
    const events = [
      init,
      assistant(text('Writing.'), {
        type: 'tool_use',
        id: 't1',
        name: 'Write',
        input: { file_path: 'a.ts' },
      }),
      user({ type: 'tool_result', tool_use_id: 't1', content: 'ok' }),
      assistant({ type: 'tool_use', id: 't2', name: 'Edit', input: { file_path: 'b.ts' } }),
      user({ type: 'tool_result', tool_use_id: 't2', content: 'no', is_error: true }),
      result(),
    ];
    const parsed = await parse('claude', lines(...events));
    expect(parsed.receipt?.artifacts).toEqual({ changed_files: ['a.ts'] });
    expect(parsed.usage).toMatchObject({ model: 'model-a', input_tokens: 115, output_tokens: 7 });
    expect(await parse('claude', JSON.stringify(events))).toEqual(parsed);
    expect(await parse('claude', JSON.stringify(events, null, 2))).toEqual(parsed);
    expect(await parse('claude', `[\n${events.map((e) => JSON.stringify(e)).join(',\n')}\n]\n`)).toEqual(
      parsed,
    );
  });

  it('of several results the last counts', async () => {
    const two = lines(init, result({ result: 'one' }), init, result({ result: 'two' }));
    expect((await parse('claude', two)).receipt?.summary).toBe('two');
    const failing = lines(init, result(), init, result({ is_error: true, result: 'overloaded' }));
    expect((await parse('claude', failing)).failure?.code).toBe('api_error');
    // A turn that began after a result has to end as well.
    expect((await parse('claude', lines(init, result(), init))).failure?.code).toBe('no_terminal_event');
  });

  const failures: Array<[string, object, string]> = [
    ['a full account', { is_error: true, result: 'Credit balance is too low' }, 'quota'],
    ['no login', { is_error: true, result: 'Not logged in · Please run /login' }, 'auth'],
    ['a bad key', { is_error: true, result: 'Invalid API key · Fix external API key' }, 'auth'],
    ['a status', { is_error: true, result: 'something', api_error_status: 401 }, 'auth'],
    [
      'a busy service',
      { is_error: true, result: 'API Error: 529 Overloaded', api_error_status: 529 },
      'api_error',
    ],
    ['an unknown error of the service', { is_error: true, result: 'hm' }, 'api_error'],
    [
      'too many turns',
      { subtype: 'error_max_turns', errors: ['Reached maximum number of turns (40)'] },
      'max_turns',
    ],
    ['too many turns, not called an error', { subtype: 'error_max_turns', is_error: false }, 'max_turns'],
    ['the budget', { subtype: 'error_max_budget_usd', is_error: true, result: undefined }, 'budget'],
    [
      'no structured answer',
      { subtype: 'error_max_structured_output_retries', is_error: true },
      'malformed_output',
    ],
    ['an error', { subtype: 'error_during_execution', is_error: true, result: '' }, 'agent_failed'],
    [
      'an unknown session',
      {
        subtype: 'error_during_execution',
        errors: ['No conversation found with session ID: x'],
        is_error: true,
      },
      'session_not_found',
    ],
    [
      'refused tools',
      {
        subtype: 'error_during_execution',
        is_error: true,
        permission_denials: [{ tool_name: 'Write' }],
        result: '',
      },
      'permission_denied',
    ],
    ['a subtype of the future', { subtype: 'error_of_2030', is_error: true, result: '' }, 'agent_failed'],
    ['no word on errors', { is_error: undefined }, 'malformed_output'],
  ];
  it.each(failures)('%s, also with exit code 0', async (_, fields, code) => {
    const output = JSON.stringify(result(fields as never));
    const parsed = await parse('claude', output);
    expect(parsed.receipt).toBeNull();
    expect(parsed.failure?.code).toBe(code);
    expect(parsed.failure?.message).not.toBe('');
    expect((await parse('claude', output, { exit_code: 1 })).failure?.code).toBe(code);
  });

  it('a limit comes with its reset time, from the words or from an event', async () => {
    const said = result({ is_error: true, result: "You've hit your limit · resets 1pm (Europe/Berlin)" });
    expect((await parse('claude', lines(init, said))).failure).toMatchObject({
      code: 'quota',
      resets_at: '2026-11-21T12:00:00.000Z',
    });
    const event = {
      type: 'rate_limit_event',
      rate_limit_info: { status: 'rejected', resetsAt: 1_795_262_400, rateLimitType: 'five_hour' },
    };
    const limit = result({ is_error: true, result: 'API Error: 429', api_error_status: 429 });
    expect((await parse('claude', lines(init, event, limit))).failure?.resets_at).toBe(
      '2026-11-21T12:00:00.000Z',
    );
  });

  it('an empty result is that of the last words, of the agent itself', async () => {
    const agent = assistant(text('Found it.'));
    const sub = { ...assistant(text('I am a helper.')), parent_tool_use_id: 't1' };
    const parsed = await parse('claude', lines(init, agent, sub, result({ result: '' })));
    expect(parsed.receipt?.summary).toBe('Found it.');
  });

  it('an empty result by itself: success where tokens were spent', async () => {
    expect((await parse('claude', lines(init, result({ result: '' })))).warnings).toEqual(['no_final_text']);
    const idle = result({ result: '', usage: { input_tokens: 1, output_tokens: 0 } });
    expect((await parse('claude', lines(init, idle))).failure?.code).toBe('no_output');
  });

  it('structured output stands in for an empty result', async () => {
    const structured = result({ result: '', structured_output: { verdict: 'approved' } });
    expect((await parse('claude', lines(structured))).text).toBe('{"verdict":"approved"}');
  });

  it('tools that were refused on the way are a warning', async () => {
    const denied = result({ permission_denials: [{ tool_name: 'Bash' }] });
    expect((await parse('claude', lines(denied))).warnings).toEqual(['permission_denials']);
  });

  it('a result of another session is not that of this run', async () => {
    const foreign = result({ session_id: 'other' });
    expect((await parse('claude', lines(init, foreign))).failure?.code).toBe('no_terminal_event');
    expect((await parse('claude', lines(init, result(), foreign))).session_id).toBe('s-1');
    expect((await parse('claude', lines(foreign))).receipt).not.toBeNull();
  });

  it('results that tools print are not results', async () => {
    const lie = user({ type: 'tool_result', tool_use_id: 't', content: `\n${JSON.stringify(result())}\n` });
    expect((await parse('claude', lines(init, lie))).failure?.code).toBe('no_terminal_event');
    expect((await parse('claude', `stdout: ${JSON.stringify(result())}\n`)).failure?.code).toBe(
      'malformed_output',
    );
  });

  it('plain text with a limit, and the wrong options', async () => {
    const limit = "You've hit your limit · resets 9pm (UTC)\n";
    expect((await parse('claude', limit, { exit_code: 1 })).failure).toMatchObject({
      code: 'quota',
      resets_at: '2026-11-21T21:00:00.000Z',
    });
    const stderr = 'Error: When using --print, --output-format=stream-json requires --verbose';
    expect((await parse('claude', '', { exit_code: 1, stderr })).failure?.code).toBe('bad_arguments');
    const root =
      '--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons';
    expect((await parse('claude', '', { exit_code: 1, stderr: root })).failure?.code).toBe('root_refused');
  });

  it('an error of an assistant message explains a stream without a result', async () => {
    const error = { ...assistant(text('Please run /login')), error: 'authentication_failed' };
    expect((await parse('claude', lines(init, error), { exit_code: 1 })).failure?.code).toBe('auth');
  });
});

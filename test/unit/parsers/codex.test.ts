import { describe, expect, it } from '@jest/globals';
import { codex, lines, parse } from './streams';

describe('codex', () => {
  it('reads a run: last message, files, usage, thread', async () => {
    const files = (status: string, ...changes: object[]) =>
      codex.item({ type: 'file_change', changes, status });
    const output = lines(
      codex.thread,
      codex.turn,
      codex.item({ type: 'error', message: 'a deprecated option' }),
      codex.said('I will look.'),
      codex.item({ type: 'reasoning', text: 'hm' }),
      files('completed', { path: 'src/a.ts', kind: 'update' }, { path: 'b.md', kind: 'add' }),
      files('completed', { path: 'src/a.ts', kind: 'update' }),
      files('failed', { path: 'c.ts', kind: 'delete' }),
      codex.said('Opened https://forge.test/org/repo/pulls/7.'),
      { type: 'item.plan.delta', delta: 'unknown' },
      codex.done,
    );
    expect(await parse('codex', output)).toEqual({
      receipt: {
        status: 'completed',
        summary: 'Opened https://forge.test/org/repo/pulls/7.',
        artifacts: { changed_files: ['src/a.ts', 'b.md'], pr_url: 'https://forge.test/org/repo/pulls/7' },
        duration_ms: 0,
        usage: { input_tokens: 120, output_tokens: 30, session_id: 'thread-1' },
      },
      failure: null,
      warnings: [],
      session_id: 'thread-1',
      model: null,
      usage: { input_tokens: 120, output_tokens: 30, session_id: 'thread-1' },
      text: 'Opened https://forge.test/org/repo/pulls/7.',
    });
  });

  it('a top-level error is no end: it may have been tried again', async () => {
    const output = lines(codex.thread, codex.turn, { type: 'error', message: 'Reconnecting... 1/5' });
    expect((await parse('codex', output + lines(codex.said('fine'), codex.done))).failure).toBeNull();
    const { failure } = await parse('codex', output);
    expect(failure?.code).toBe('no_terminal_event');
    expect(failure?.message).toContain('Reconnecting... 1/5');
  });

  it('a failing terminal event goes before exit code 0, and a vague one takes the words of the last error', async () => {
    const limit = { type: 'error', message: "You've hit your usage limit. Try again in 3 days 2 hours." };
    const { failure } = await parse(
      'codex',
      lines(codex.thread, codex.turn, limit, codex.failed('turn failed')),
    );
    expect(failure).toMatchObject({
      code: 'quota',
      message: limit.message,
      resets_at: '2026-11-24T14:00:00.000Z',
    });
  });

  it('a later turn takes back what an earlier one ended with', async () => {
    const again = codex.run() + lines(codex.turn);
    expect((await parse('codex', again)).failure?.code).toBe('no_terminal_event');
    expect((await parse('codex', again + lines(codex.failed('it broke')))).failure?.message).toBe('it broke');
    const last = await parse('codex', again + lines(codex.said('two'), codex.done));
    expect(last.receipt?.summary).toBe('two');
  });

  it.each([1, 130])('an open turn and exit code %d is an interruption', async (exit_code) => {
    const open = lines(codex.thread, codex.turn, codex.said('so far'));
    const parsed = await parse('codex', open, { exit_code });
    expect(parsed.failure?.code).toBe('interrupted');
    expect(parsed).toMatchObject({ session_id: 'thread-1', text: 'so far' });
    // Not where no turn had begun.
    expect((await parse('codex', lines(codex.thread), { exit_code: 1 })).failure?.code).toBe('exit_code');
  });

  it('success by its event, whatever the exit code', async () => {
    const parsed = await parse('codex', codex.run(), { exit_code: 1, stderr: 'TLS shutdown failed' });
    expect(parsed.receipt?.summary).toBe('All done.');
    expect(parsed.warnings).toEqual(['nonzero_exit']);
    expect((await parse('codex', codex.run(), { exit_code: null })).warnings).toEqual(['nonzero_exit']);
  });

  it('commentary and plans are taken for want of a final message only', async () => {
    const commentary = codex.item({ type: 'agent_message', text: 'working', phase: 'commentary' });
    const plan = codex.item({ type: 'plan', text: 'a plan' });
    const summary = async (...items: object[]) =>
      (await parse('codex', lines(codex.thread, codex.turn, ...(items as never[]), codex.done))).receipt
        ?.summary;
    expect(await summary(codex.said('final'), commentary, plan)).toBe('final');
    expect(await summary(plan, commentary)).toBe('working');
    expect(await summary(plan)).toBe('a plan');
  });

  it('without a message: fine where tokens were spent or files changed, else nothing was done', async () => {
    const silent = await parse('codex', lines(codex.thread, codex.turn, codex.done));
    expect(silent.warnings).toEqual(['no_final_text']);
    expect(silent.receipt?.summary).toBe('done, without a final message');
    const nothing = { type: 'turn.completed', usage: { input_tokens: 3, output_tokens: 0 } };
    expect((await parse('codex', lines(codex.thread, codex.turn, nothing))).failure?.code).toBe('no_output');
  });

  it('refuses to work outside of a repository: words on stderr, nothing on stdout', async () => {
    const stderr = 'Not inside a trusted directory and --skip-git-repo-check was not specified.\n';
    const { failure } = await parse('codex', '', { exit_code: 1, stderr });
    expect(failure?.code).toBe('not_a_repository');
    expect(failure?.message).toContain('Not inside a trusted directory');
    expect(failure?.remedy).toContain('repository');
  });

  it('events on stderr are not events', async () => {
    const { failure } = await parse('codex', lines(codex.thread, codex.turn), { stderr: codex.run() });
    expect(failure?.code).toBe('no_terminal_event');
  });

  it('events inside the output of a tool are not events', async () => {
    const tool = {
      type: 'command_execution',
      command: 'cat log',
      aggregated_output: codex.run('a lie'),
      exit_code: 0,
    };
    const output = lines(codex.thread, codex.turn, codex.item({ ...tool, status: 'completed' }));
    expect((await parse('codex', output)).failure?.code).toBe('no_terminal_event');
  });

  it('logs on stderr do not explain a turn that failed by itself', async () => {
    const output = lines(codex.thread, codex.turn, codex.failed('cannot go on'));
    const { failure } = await parse('codex', output, {
      exit_code: 1,
      stderr: 'tool printed: 401 Unauthorized',
    });
    expect(failure?.code).toBe('agent_failed');
    expect(failure?.message).toBe('cannot go on: tool printed: 401 Unauthorized');
  });
});

describe('codex before its present format', () => {
  const msg = (type: string, fields: object = {}) => ({ id: '0', msg: { type, ...fields } });
  const started = [
    { model: 'model-a', provider: 'openai', sandbox: 'read-only', workdir: '/w' },
    { prompt: 'do it' },
    msg('task_started'),
  ];

  it('item_type and assistant_message', async () => {
    const said = { type: 'item.completed', item: { item_type: 'assistant_message', text: 'hello' } };
    expect((await parse('codex', lines(codex.thread, codex.turn, said, codex.done))).receipt?.summary).toBe(
      'hello',
    );
  });

  it('the envelope', async () => {
    const output = lines(
      ...started,
      msg('patch_apply_begin', { call_id: 'c', changes: { 'a.ts': {}, 'b.ts': {} } }),
      msg('patch_apply_end', { call_id: 'c', success: true }),
      msg('agent_message', { message: 'hello' }),
      msg('token_count', { info: { total_token_usage: { input_tokens: 9, output_tokens: 2 } } }),
    );
    expect((await parse('codex', output)).failure?.code).toBe('no_terminal_event');
    const parsed = await parse('codex', output + lines(msg('task_complete', { last_agent_message: 'bye' })));
    expect(parsed.receipt).toMatchObject({ summary: 'bye', artifacts: { changed_files: ['a.ts', 'b.ts'] } });
    expect(parsed.usage).toEqual({ model: 'model-a', input_tokens: 9, output_tokens: 2 });
  });

  it('completed after an error and without a message is a failure', async () => {
    const output = lines(
      ...started,
      msg('error', { message: 'exceeded retry limit, last status: 429 Too Many Requests' }),
      msg('task_complete', { last_agent_message: null }),
    );
    expect((await parse('codex', output)).failure?.code).toBe('quota');
  });
});

import { describe, expect, it } from '@jest/globals';
import { RECEIPT_MAX_BYTES } from '../../../activities/agent-cli/parsers/receipt';
import { parse } from './streams';

const receipt = (fields: object = {}) => JSON.stringify({ status: 'completed', summary: 's', ...fields });

describe('receipt', () => {
  it('is taken as it is', async () => {
    const usage = { model: 'm', session_id: 'x', input_tokens: 1 };
    const said = { artifacts: { pr_url: 'https://forge.test/1' }, duration_ms: 9, usage };
    expect(await parse('receipt', receipt(said))).toMatchObject({
      receipt: { status: 'completed', summary: 's', ...said },
      failure: null,
      session_id: 'x',
      model: 'm',
      usage,
    });
  });

  const accepted: Array<[string, string]> = [
    ['indented, with CRLF', JSON.stringify(JSON.parse(receipt()), null, 2).replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${receipt()}`],
    ['escapes and lines around it', `\u001b[?2004hWelcome to host-1\n${receipt()}\nbye\n`],
    ['other JSON before it', `{"level":"info"}\n${receipt()}`],
  ];
  it.each(accepted)('is found: %s', async (_, output) => {
    expect((await parse('receipt', output)).receipt?.summary).toBe('s');
  });

  const malformed: Array<[string, string, string]> = [
    ['empty', ' \n', 'it is empty'],
    ['not JSON', 'secret words', 'it is not JSON'],
    ['two receipts', `${receipt()}\n${receipt()}`, 'it is not JSON'],
    ['no object', '[]', 'receipt: Invalid input'],
    ['a field missing', '{"status":"completed"}', 'summary: Invalid input'],
    ['a field that nobody knows', receipt({ secret: 1 }), 'receipt: Unrecognized key'],
    ['too long', `${receipt()}${' '.repeat(RECEIPT_MAX_BYTES)}`, `at most ${RECEIPT_MAX_BYTES}`],
  ];
  it.each(malformed)('is malformed: %s', async (_, output, message) => {
    const parsed = await parse('receipt', output);
    expect(parsed.receipt).toBeNull();
    expect(parsed.failure?.code).toBe('malformed_output');
    expect(parsed.failure?.message).toContain(message);
    expect(parsed.failure?.message).not.toContain('secret words');
  });

  it('is cut', async () => {
    const long = receipt({ summary: 'x'.repeat(70_000) }).slice(0, 65_536);
    const { failure } = await parse('receipt', long);
    expect(failure?.code).toBe('truncated_output');
    expect(failure?.message).toContain('at the size of a pipe');
  });

  it('an exit code goes before a receipt that says completed, not before one that says failed', async () => {
    const ended = await parse('receipt', receipt({ usage: { session_id: 'x' } }), {
      exit_code: 3,
      stderr: 'why',
    });
    expect(ended.failure).toMatchObject({
      code: 'exit_code',
      message: 'the agent ended with exit code 3: why',
    });
    expect(ended.session_id).toBe('x');
    const said = receipt({ status: 'failed', usage: { session_id: 'y' } });
    for (const exit_code of [0, 3]) {
      const failed = await parse('receipt', said, { exit_code });
      expect(failed).toMatchObject({
        receipt: null,
        failure: { code: 'agent_failed', message: 's' },
        session_id: 'y',
      });
    }
  });
});

describe('text', () => {
  const summaries: Array<[string, string, string]> = [
    ['nothing printed', '', 'exit code 0, no output'],
    ['blank lines only', '\n  \n', 'exit code 0, no output'],
    ['the last lines that are not blank', 'a\n\nb\n', 'a\nb'],
    ['twenty of them', numbered(0, 30), numbered(10, 30)],
    ['the last state of a line that is written over', '10%\r90%\rdone\r\nend\r\n', 'done\nend'],
    ['no escapes', '\u001b[32mok\u001b[0m \u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'ok link'],
  ];
  it.each(summaries)('summary: %s', async (_, output, summary) => {
    expect((await parse('text', output)).receipt?.summary).toBe(summary);
  });

  it('a line without an end, and one of carriage returns', async () => {
    expect((await parse('text', 'x'.repeat(100_000))).receipt?.summary).toBe('x'.repeat(4_000));
    expect((await parse('text', `${'\r'.repeat(65_000)}x`)).receipt?.summary).toBe('x');
  });

  it('an exit code is kept with stderr, or else with the last words', async () => {
    const { failure } = await parse('text', 'out', {
      exit_code: 9,
      stderr: `${'x'.repeat(50_000)} the reason\n`,
    });
    expect(failure?.code).toBe('exit_code');
    expect(failure?.message).toMatch(/^the agent ended with exit code 9: x+ the reason$/);
    expect(failure?.message.length).toBeLessThan(2_100);
    expect((await parse('text', 'only this', { exit_code: 9 })).failure?.message).toContain(': only this');
    expect((await parse('text', '', { exit_code: null })).failure?.message).toBe(
      'the agent ended without an exit code',
    );
  });

  it('knows a limit and a login by its words, and takes no other words for those of a CLI', async () => {
    const limit = await parse('text', "You've hit your limit · resets 1pm (Europe/Berlin)\n", {
      exit_code: 1,
    });
    expect(limit.failure).toMatchObject({ code: 'quota', resets_at: '2026-11-21T12:00:00.000Z' });
    const script = await parse('text', '', {
      exit_code: 1,
      stderr: 'curl: connection refused; model not found',
    });
    expect(script.failure?.code).toBe('exit_code');
  });

  it('what may have been cut by a pipe is marked', async () => {
    expect((await parse('text', 'x'.repeat(65_536))).warnings).toEqual(['maybe_truncated']);
    expect((await parse('text', `${'x'.repeat(65_535)}\n`)).warnings).toEqual([]);
  });
});

function numbered(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => `line ${from + i}`).join('\n');
}

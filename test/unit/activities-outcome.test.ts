import { describe, expect, it } from '@jest/globals';
import { checkpointOf, outcomeOf, type RunEnd, type RunEvidence } from '../../activities/agent-cli/outcome';
import type { ParsedOutput } from '../../activities/agent-cli/parsers/types';
import { type Checkpoint, receiptSchema } from '../../contracts/receipt';
import { codex, lines, parse } from './parsers/streams';

const END: RunEnd = { exit_code: 0, reason: 'exit', duration_ms: 1_500, ended_at_ms: null, utc_offset: null };

const evidence = (parsed: ParsedOutput | null, fields: Partial<RunEvidence> = {}): RunEvidence => ({
  end: END,
  parsed,
  artifacts: {},
  push_error: null,
  work_dir: '/work/t',
  output_ref: 'output:a',
  output_tail: 'the end',
  ...fields,
});

const COMMIT = { branch: 'b', commit: 'abcdef1', changed_files: ['x'] };

describe('a receipt', () => {
  it('has the duration, the output and what was seen in the repository', async () => {
    expect(outcomeOf(evidence(await parse('text', 'ok'), { artifacts: COMMIT }))).toEqual({
      receipt: {
        status: 'completed',
        summary: 'ok',
        artifacts: COMMIT,
        duration_ms: 1_500,
        output_ref: 'output:a',
        output_tail: 'the end',
      },
      failure: null,
    });
  });

  it('says what was odd about a run that went well', async () => {
    const parsed = await parse('codex', codex.run(), { exit_code: 1 });
    const { receipt, failure } = outcomeOf(evidence(parsed, { end: { ...END, exit_code: 1 } }));
    expect(failure).toBeNull();
    expect(receipt).toMatchObject({ status: 'completed', warnings: ['nonzero_exit'] });
    expect(receiptSchema.safeParse(receipt).success).toBe(true);
  });

  it('puts what was seen before what is said, which fills the rest', async () => {
    const said = JSON.stringify({
      status: 'completed',
      summary: 's',
      artifacts: { commit: '1111111', pr_url: 'https://forge.test/1' },
      duration_ms: 9,
      output_ref: 'elsewhere',
      output_tail: 'another',
      usage: { model: 'm' },
    });
    expect(outcomeOf(evidence(await parse('receipt', said), { artifacts: COMMIT })).receipt).toEqual({
      status: 'completed',
      summary: 's',
      artifacts: { ...COMMIT, pr_url: 'https://forge.test/1' },
      duration_ms: 1_500,
      output_ref: 'output:a',
      output_tail: 'the end',
      usage: { model: 'm' },
    });
  });

  it('names files as they are below the work directory', async () => {
    const changed_files = ['/work/t/src/a.ts', '/work/t2/b.ts', 'c.ts'];
    const said = JSON.stringify({ status: 'completed', summary: 's', artifacts: { changed_files } });
    expect(outcomeOf(evidence(await parse('receipt', said))).receipt?.artifacts.changed_files).toEqual([
      'src/a.ts',
      '/work/t2/b.ts',
      'c.ts',
    ]);
  });

  it.each(['text', 'codex'] as const)('of a long answer (%s) is one that is accepted', async (cli) => {
    const long = 'x'.repeat(100_000);
    const { receipt } = outcomeOf(evidence(await parse(cli, cli === 'text' ? long : codex.run(long))));
    expect(receipt?.summary).toMatch(/^x{3000}/);
    expect(receiptSchema.safeParse(receipt).success).toBe(true);
  });
});

describe('failures', () => {
  const reasons = [
    ['killed', 'killed'],
    ['host_lost', 'host_lost'],
    ['launcher_lost', 'run_lost'],
  ] as const;
  it.each(reasons)('%s, whatever the exit code and the output', async (reason, code) => {
    const end = { ...END, reason };
    expect(outcomeOf(evidence(null, { end }))).toMatchObject({ receipt: null, failure: { code } });
    const fine = await parse('text', 'fine');
    expect(outcomeOf(evidence(fine, { end }))).toMatchObject({ receipt: null, failure: { code } });
  });

  it('come with what to do about them', async () => {
    const output = lines(codex.thread, codex.failed('You have hit your usage limit. Try again in 3 hours.'));
    expect(outcomeOf(evidence(await parse('codex', output, { exit_code: 1 })))).toEqual({
      receipt: null,
      failure: {
        code: 'quota',
        message: expect.stringMatching(
          /usage limit.*\nThe limit resets at 2026-11-21T15:00:00.000Z\.\nWait until the limit resets/,
        ),
      },
    });
  });

  it('an exit code comes with the end of stderr, bounded', async () => {
    const stderr = `${'x'.repeat(50_000)} the reason\n`;
    const { failure } = outcomeOf(evidence(await parse('text', '', { exit_code: 9, stderr })));
    expect(failure?.code).toBe('exit_code');
    expect(failure?.message).toMatch(/^the agent ended with exit code 9: x+ the reason\n/);
    expect(failure?.message.length).toBeLessThan(2_200);
  });

  it('work that could not be pushed is not delivered', async () => {
    const push_error = 'no';
    expect(outcomeOf(evidence(await parse('text', 'ok'), { push_error })).failure).toEqual({
      code: 'push_failed',
      message: 'the branch could not be pushed: no',
    });
    // What failed first is what is told.
    const failed = await parse('text', '', { exit_code: 1 });
    expect(outcomeOf(evidence(failed, { push_error })).failure?.code).toBe('exit_code');
  });
});

describe('the checkpoint', () => {
  const AT = 'box/codex-cli';
  const PLACE = { branch: 'b', commit: 'abcdef1' };
  const BEFORE = { branch: 'old', commit: '1234567', session_id: 'old', session_at: AT };
  const PLAIN = { branch: 'old', commit: '1234567' };
  const THREAD = { session_id: 'thread-1', session_at: AT };
  const plain = (checkpoint: Checkpoint | null) => JSON.parse(JSON.stringify(checkpoint));
  const failing = (message: string) => parse('codex', lines(codex.thread, codex.failed(message)));

  it('is what was pushed, with the session and where it is', async () => {
    const parsed = await parse('codex', codex.run());
    expect(checkpointOf(evidence(parsed, { artifacts: COMMIT }), null, AT)).toEqual({ ...PLACE, ...THREAD });
    const text = await parse('text', 'ok');
    expect(checkpointOf(evidence(text, { artifacts: COMMIT }), BEFORE, AT)).toEqual(PLACE);
  });

  it('keeps where an earlier attempt had come to', async () => {
    const cut = await failing('You have hit your usage limit.');
    expect(checkpointOf(evidence(cut), BEFORE, AT)).toEqual({ ...BEFORE, ...THREAD });
    expect(checkpointOf(evidence(cut, { artifacts: COMMIT, push_error: 'no' }), BEFORE, AT)).toEqual({
      ...BEFORE,
      ...THREAD,
    });
    expect(checkpointOf(evidence(null), BEFORE, AT)).toBeNull();
  });

  it('does not name a session again that is not there', async () => {
    const stderr = 'No conversation found with session ID: old';
    const parsed = await parse('claude', '', { exit_code: 1, stderr });
    expect(parsed.failure?.code).toBe('session_not_found');
    expect(plain(checkpointOf(evidence(parsed), BEFORE, AT))).toEqual(PLAIN);
    expect(checkpointOf(evidence(parsed, { artifacts: COMMIT }), BEFORE, AT)).toEqual(PLACE);
  });

  it('names no session that may itself be why the attempt failed', async () => {
    const full = await failing('Your input exceeds the context window of this model.');
    expect(full.failure?.code).toBe('context_limit');
    expect(plain(checkpointOf(evidence(full), PLAIN, AT))).toEqual(PLAIN);
    const broken = await failing('unexpected status 500');
    expect(broken.failure?.code).toBe('api_error');
    expect(plain(checkpointOf(evidence(broken), BEFORE, AT))).toEqual(PLAIN);
    // Begun by this attempt, and not gone on with yet.
    expect(checkpointOf(evidence(broken), PLAIN, AT)).toEqual({ ...PLAIN, ...THREAD });
    const elsewhere = { ...BEFORE, session_at: 'other/codex-cli' };
    expect(checkpointOf(evidence(broken), elsewhere, AT)).toEqual({ ...BEFORE, ...THREAD });
  });
});

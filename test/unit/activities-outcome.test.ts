import { describe, expect, it } from '@jest/globals';
import { outcomeOf, RECEIPT_MAX_BYTES, type RunEvidence } from '../../activities/agent-cli/outcome';
import { receiptSchema } from '../../contracts/receipt';

const evidence = (fields: Partial<RunEvidence> & { code?: number | null }): RunEvidence => ({
  end: { exit_code: fields.code === undefined ? 0 : fields.code, reason: 'exit', duration_ms: 1_500 },
  output: 'text',
  stdout: '',
  stderr: '',
  stdout_bytes: Buffer.byteLength(fields.stdout ?? ''),
  artifacts: {},
  push_error: null,
  output_ref: 'output:a',
  ...fields,
});

const COMMIT = { branch: 'b', commit: 'abcdef1', changed_files: ['x'] };

describe('text', () => {
  const summaries: Array<[string, string, string]> = [
    ['nothing printed', '', 'exit code 0, no output'],
    ['blank lines only', '\n  \n', 'exit code 0, no output'],
    ['the last lines that are not blank', 'a\n\nb\n', 'a\nb'],
    [
      'twenty of them',
      Array.from({ length: 30 }, (_, i) => `l${i}`).join('\n'),
      Array.from({ length: 20 }, (_, i) => `l${i + 10}`).join('\n'),
    ],
  ];
  it.each(summaries)('summary: %s', (_, stdout, summary) => {
    expect(outcomeOf(evidence({ stdout })).receipt?.summary).toBe(summary);
  });

  it('a line without an end is cut to what a receipt takes', () => {
    const { receipt } = outcomeOf(evidence({ stdout: 'x'.repeat(100_000) }));
    expect(receiptSchema.safeParse(receipt).success).toBe(true);
  });

  it('takes the duration, the output and what was seen in the repository', () => {
    expect(outcomeOf(evidence({ stdout: 'ok', artifacts: COMMIT }))).toEqual({
      receipt: {
        status: 'completed',
        summary: 'ok',
        artifacts: COMMIT,
        duration_ms: 1_500,
        output_ref: 'output:a',
      },
      failure: null,
    });
  });
});

describe('json', () => {
  const json = (stdout: string, fields: Partial<RunEvidence> = {}) =>
    outcomeOf(evidence({ output: 'json', stdout, stdout_bytes: Buffer.byteLength(stdout), ...fields }));
  const receipt = (fields: object = {}) => JSON.stringify({ status: 'completed', summary: 's', ...fields });

  it('what was seen goes before what is said, which fills the rest', () => {
    const said = receipt({
      artifacts: { commit: '1111111', pr_url: 'https://forge.test/1' },
      duration_ms: 9,
      output_ref: 'elsewhere',
      usage: { model: 'm' },
    });
    expect(json(said, { artifacts: COMMIT }).receipt).toEqual({
      status: 'completed',
      summary: 's',
      artifacts: { ...COMMIT, pr_url: 'https://forge.test/1' },
      duration_ms: 1_500,
      output_ref: 'output:a',
      usage: { model: 'm' },
    });
  });

  const malformed: Array<[string, string, string]> = [
    ['empty', ' \n', 'it is empty'],
    ['not JSON', 'secret words', 'it is not JSON'],
    ['two receipts', `${receipt()}\n${receipt()}`, 'it is not JSON'],
    ['no object', '[]', 'receipt: Invalid input'],
    ['a field missing', '{"status":"completed"}', 'summary: Invalid input'],
    ['a field that nobody knows', receipt({ secret: 1 }), 'receipt: Unrecognized key'],
  ];
  it.each(malformed)('%s', (_, stdout, message) => {
    const outcome = json(stdout);
    expect(outcome.receipt).toBeNull();
    expect(outcome.failure?.code).toBe('malformed_output');
    expect(outcome.failure?.message).toContain(message);
    expect(outcome.failure?.message).not.toContain('secret words');
  });

  it('more than can be a receipt', () => {
    expect(json(receipt(), { stdout_bytes: RECEIPT_MAX_BYTES + 1 }).failure).toMatchObject({
      code: 'malformed_output',
      message: expect.stringContaining(`${RECEIPT_MAX_BYTES + 1} bytes`),
    });
  });

  it('status failed is a failure with its summary', () => {
    expect(json(receipt({ status: 'failed' })).failure).toEqual({ code: 'agent_failed', message: 's' });
  });
});

describe('failures', () => {
  const reasons = [
    ['killed', 'killed'],
    ['host_lost', 'host_lost'],
    ['launcher_lost', 'run_lost'],
  ] as const;
  it.each(reasons)('%s, whatever the exit code', (reason, code) => {
    const end = { exit_code: 0, reason, duration_ms: 1 };
    expect(outcomeOf(evidence({ end, stdout: 'fine' }))).toMatchObject({ receipt: null, failure: { code } });
  });

  it('an exit code comes with the end of stderr, bounded', () => {
    const { failure } = outcomeOf(evidence({ code: 9, stderr: `${'x'.repeat(50_000)} the reason\n` }));
    expect(failure?.code).toBe('exit_code');
    expect(failure?.message).toMatch(/^the agent ended with exit code 9: x+ the reason$/);
    expect(failure?.message.length).toBeLessThan(2_100);
  });

  it('an exit code goes before a receipt, and no exit code is none of 0', () => {
    const stdout = JSON.stringify({ status: 'completed', summary: 's' });
    expect(outcomeOf(evidence({ code: 1, output: 'json', stdout })).failure?.code).toBe('exit_code');
    expect(outcomeOf(evidence({ code: null })).failure?.message).toBe('the agent ended without an exit code');
  });

  it('work that could not be pushed is not delivered', () => {
    expect(outcomeOf(evidence({ push_error: 'no' })).failure).toEqual({
      code: 'push_failed',
      message: 'the branch could not be pushed: no',
    });
    // What failed first is what is told.
    expect(outcomeOf(evidence({ push_error: 'no', code: 1 })).failure?.code).toBe('exit_code');
  });
});

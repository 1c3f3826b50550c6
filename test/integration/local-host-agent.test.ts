/** What agent CLIs are given and what is made of what they print, by way of programs that print it. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { localHost, PROMPTS } from '../helpers/local-host';
import { promptOf } from '../helpers/prompt-of';

let host: ReturnType<typeof localHost>;
afterEach(() => host.close());

const jsonl = (...events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** Prints it, and ends with this code. */
const printing = (text: string, code = 0) => [
  process.execPath,
  '-e',
  'process.stdout.write(process.argv[1]); process.exitCode = Number(process.argv[2])',
  text,
  String(code),
];

const THREAD = { type: 'thread.started', thread_id: '0199-thread' };
const said = (text: string) => ({
  type: 'item.completed',
  item: { id: 'item_1', type: 'agent_message', text },
});
const DONE = {
  type: 'turn.completed',
  usage: { input_tokens: 900, cached_input_tokens: 0, output_tokens: 40 },
};

const codex = (argv: string[]) => localHost({ templates: { agent: { argv, cli: 'codex' } } });

describe('the output of codex', () => {
  it('becomes a receipt, with the session to go on from', async () => {
    const text = 'Added the check.\n\nhttps://forge.test/org/repo/pull/7';
    host = codex(printing(jsonl(THREAD, { type: 'turn.started' }, said(text), DONE)));
    const outcome = await host.run({ template: 'agent' });
    expect(outcome).toMatchObject({
      failure: null,
      receipt: {
        status: 'completed',
        summary: text,
        artifacts: { pr_url: 'https://forge.test/org/repo/pull/7' },
        usage: { input_tokens: 900, output_tokens: 40, session_id: '0199-thread' },
        output_ref: outcome.output_ref,
        duration_ms: outcome.duration_ms,
      },
      checkpoint: { session_id: '0199-thread', session_at: 'local/agent' },
    });
  });

  it('is read from its first byte, however much of it there is', async () => {
    const noise = `${'x'.repeat(99)}\n`.repeat(30_000);
    const code = `process.stdout.write(process.argv[1]); process.stdout.write(${JSON.stringify('x'.repeat(99))}.concat('\\n').repeat(30_000)); process.stdout.write(process.argv[2])`;
    host = codex([process.execPath, '-e', code, jsonl(THREAD), jsonl(said('At last.'), DONE)]);
    const outcome = await host.run({ template: 'agent' });
    expect(await host.blobs.size(outcome.output_ref ?? '')).toBeGreaterThan(noise.length);
    expect(outcome.receipt?.summary).toBe('At last.');
    expect(outcome.checkpoint).toEqual({ session_id: '0199-thread', session_at: 'local/agent' });
  });

  it('that ends at a limit is a failure that says what to do', async () => {
    const message = "You've hit your usage limit. Upgrade your plan, or try again in 2 hours.";
    const before = Date.now();
    host = codex(printing(jsonl(THREAD, { type: 'turn.failed', error: { message } }), 1));
    const outcome = await host.run({ template: 'agent' });
    expect(outcome.receipt).toBeNull();
    expect(outcome.exit_code).toBe(1);
    expect(outcome.failure?.code).toBe('quota');
    expect(outcome.failure?.message).toContain(message);
    expect(outcome.failure?.message).toContain('\nWait until the limit resets');
    const resets = /The limit resets at (\S+)\.\n/.exec(outcome.failure?.message ?? '')?.[1] ?? '';
    // By the clock of the host, which tells seconds.
    expect(Date.parse(resets)).toBeGreaterThanOrEqual(before - 1_000 + 7_200_000);
    expect(Date.parse(resets)).toBeLessThanOrEqual(Date.now() + 7_200_000);
  });

  it('without an end is a failure, though the exit code is 0', async () => {
    host = codex(printing(jsonl(THREAD, said('I will begin.'))));
    expect((await host.run({ template: 'agent' })).failure?.code).toBe('no_terminal_event');
  });
});

describe('the prompt', () => {
  const delivered = async (fields: Parameters<typeof host.request>[0]) => {
    const { output_ref } = await host.run({ template: 'agent', ...fields });
    return Buffer.from((await host.blobs.read(output_ref ?? '')) ?? []).toString();
  };

  it('has the goal, the constraints and the findings of a review', async () => {
    host = localHost({ templates: { agent: { argv: ['cat'] } } });
    const findings = [{ file: 'a.ts', line: 3, message: 'off by one', severity: 'major' as const }];
    const handed_in = { summary: 'Counted most.', artifacts: {} };
    const fields = { title: 'Count', labels: ['agent:code', 'no-new-dependencies'], findings, handed_in };
    const prompt = await delivered({ ...fields, script: 'Count them all.' });
    expect(prompt).toContain('\nCount\n');
    expect(prompt).toContain('\nCount them all.\n');
    expect(prompt).toContain('\n# Constraints\n');
    expect(prompt).toContain('[major] a.ts:3: off by one\n');
    expect(prompt).toContain('\nCounted most.\n');
    expect(prompt).toBe(promptOf({ ...fields, body: { inline: 'Count them all.' } }));
  });

  it('has the checks of the config file', async () => {
    const prompts = { ...PROMPTS, validation_commands: { '*': ['make check-all'] } };
    host = localHost({ prompts, templates: { agent: { argv: ['cat'] } } });
    expect(await delivered({})).toContain('\n    make check-all\n');
  });

  it('asks for a receipt where one is read', async () => {
    const argv = ['sh', '-c', 'cat >&2; echo \'{"status":"completed","summary":"s"}\''];
    host = localHost({ templates: { agent: { argv, cli: 'receipt' } } });
    const request = host.request({ template: 'agent' });
    const outcome = await host.follow(request, await host.activities.startRun(request)).outcome;
    expect(outcome.receipt?.summary).toBe('s');
    const prompt = Buffer.from((await host.blobs.read(`output:${request.attempt_id}:err`)) ?? []).toString();
    expect(prompt).toBe(promptOf({ body: { inline: 'true' } }, { output_format: 'receipt' }));
    expect(prompt).not.toBe(promptOf({ body: { inline: 'true' } }));
  });
});

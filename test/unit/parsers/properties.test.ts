/** What holds for any output, however it is cut. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REMEDIES } from '../../../activities/agent-cli/parsers/failures';
import { parseOutput } from '../../../activities/agent-cli/parsers/parse-output';
import type { ParsedOutput } from '../../../activities/agent-cli/parsers/types';
import { receiptSchema } from '../../../contracts/receipt';
import { CLI_NAMES, type CliName } from '../../../contracts/template';
import { stream } from './any-output';
import { chunksOf, claude, codex, gemini, lines, NOW, opencode } from './streams';

const cli = fc.constantFrom(...CLI_NAMES);
const exit_code = fc.constantFrom(0, 0, 0, 1, 2, 127, 130, 143, null);

const end = fc.record({
  exit_code,
  stderr: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('401 Unauthorized')),
  ended_at_ms: fc.constant(NOW),
});

function expectSound(parsed: ParsedOutput): void {
  expect([parsed.receipt === null, parsed.failure === null].sort()).toEqual([false, true]);
  if (parsed.receipt !== null) {
    expect(receiptSchema.safeParse(parsed.receipt)).toMatchObject({ success: true });
    expect(parsed.receipt.status).toBe('completed');
  }
  if (parsed.failure !== null) {
    const { code, message, remedy, resets_at } = parsed.failure;
    expect(remedy).toBe(REMEDIES[code]);
    expect(message.length).toBeLessThan(2_100);
    if (resets_at !== null) expect(new Date(resets_at).toISOString()).toBe(resets_at);
  }
}

describe('any bytes', () => {
  it('give one sound result, the same in any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        cli,
        stream,
        end,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        async (name, bytes, ended, cuts) => {
          const whole = await parseOutput(name, chunksOf(bytes), ended);
          expectSound(whole);
          const places = cuts.map((cut) => Math.floor(cut * bytes.length));
          expect(await parseOutput(name, chunksOf(bytes, ...places), ended)).toEqual(whole);
          const single = Array.from({ length: bytes.length }, (_, i) => i);
          expect(await parseOutput(name, chunksOf(bytes, ...single), ended)).toEqual(whole);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** A whole run, and the index after the last byte of its terminal event. */
interface Run {
  cli: CliName;
  output: Buffer;
  terminal: number;
}

const run = (name: CliName, before: string, terminal: string, after = ''): Run => ({
  cli: name,
  output: Buffer.from(before + terminal + after),
  terminal: Buffer.byteLength(before + terminal.trimEnd()),
});

/** Words that look like a success of every CLI. */
const lookalike = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    `\n${codex.run()}`,
    `\n${lines(claude.result())}`,
    `\n${JSON.stringify(gemini.document(), null, 2)}\n`,
  ),
);

const runs: fc.Arbitrary<Run> = lookalike.chain((text) => {
  const command = codex.item({
    type: 'command_execution',
    aggregated_output: text,
    exit_code: 0,
    status: 'completed',
  });
  const toolResult = claude.user({ type: 'tool_result', tool_use_id: 't', content: text });
  const claudeEvents = [claude.init, claude.assistant(claude.text(text)), toolResult];
  const tool = opencode.tool('bash', { status: 'completed', output: text });
  const array = JSON.stringify([...claudeEvents, claude.result()]);
  const document = JSON.stringify(gemini.document({ response: `done ${text}` }), null, 2);
  const receipt = JSON.stringify({ status: 'completed', summary: text });
  return fc.constantFrom(
    run('codex', lines(codex.thread, codex.turn, command, codex.said(text)), lines(codex.done)),
    run('claude', lines(...claudeEvents), lines(claude.result())),
    run('claude', '', JSON.stringify(claude.result({ result: `done ${text}` }), null, 2)),
    run(
      'claude',
      array.slice(0, -1 - JSON.stringify(claude.result()).length),
      JSON.stringify(claude.result()),
      ']',
    ),
    run('gemini', 'YOLO mode is enabled.\n', document, '\n'),
    run('gemini', lines(gemini.init, gemini.delta(text), gemini.delta('done')), lines(gemini.done)),
    run(
      'opencode',
      lines(opencode.start(), tool, opencode.finish('tool-calls'), opencode.start(), opencode.text('done')),
      lines(opencode.finish('stop')),
    ),
    run('receipt', '', receipt),
  );
});

describe('a stream that is cut', () => {
  it('is a success from its terminal event on, and not before', async () => {
    await fc.assert(
      fc.asyncProperty(
        runs,
        exit_code,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (one, code, where) => {
          const { output, terminal } = one;
          const places = [Math.floor(where * output.length), terminal - 1, terminal, output.length];
          // Just after each line, too: there a cut leaves nothing broken behind.
          for (let at = output.indexOf('\n'); at !== -1; at = output.indexOf('\n', at + 1))
            places.push(at, at + 1);
          for (const place of places) {
            const ended = { exit_code: code, stderr: '', ended_at_ms: NOW };
            const parsed = await parseOutput(one.cli, chunksOf(output.subarray(0, place)), ended);
            expectSound(parsed);
            const success = place >= terminal && (one.cli !== 'receipt' || code === 0);
            expect({ place, success: parsed.receipt !== null }).toEqual({ place, success });
            if (success && code !== 0) expect(parsed.warnings).toContain('nonzero_exit');
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

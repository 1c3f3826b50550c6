import { describe, expect, it } from '@jest/globals';
import { JsonFramer } from '../../../activities/agent-cli/parsers/json-framer';
import { parseOutput } from '../../../activities/agent-cli/parsers/parse-output';
import { receiptSchema } from '../../../contracts/receipt';
import { claude, codex, lines, opencode, parse } from './streams';

function frame(text: string, max_bytes?: number) {
  const objects: string[] = [];
  let noise = '';
  const framer = new JsonFramer(
    {
      object: (object) => objects.push(object),
      noise: (bytes) => {
        noise += Buffer.from(bytes).toString();
      },
    },
    max_bytes,
  );
  framer.push(Buffer.from(text));
  return { objects, noise, unfinished: framer.unfinished, overlong: framer.overlong };
}

describe('finding JSON objects', () => {
  const found: Array<[string, string, string[]]> = [
    ['one a line', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['several on a line', '{"a":1}{"b":2} {"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ['noise lines between', 'hello\n{"a":1}\n# {"b":2}\n{"c":3}\n', ['{"a":1}', '{"c":3}']],
    ['elements of a list', '[{"a":1},{"b":[{}]}]', ['{"a":1}', '{"b":[{}]}']],
    ['over many lines', '{\n  "a": {\n    "b": 1\n  }\n}\n', ['{\n  "a": {\n    "b": 1\n  }\n}']],
    ['an indented list', '[\n  {\n    "a": 1\n  },\n  {}\n]', ['{\n    "a": 1\n  }', '{}']],
    ['braces and quotes in strings', '{"a":"}\\"{["}', ['{"a":"}\\"{["}']],
    ['a cut line takes nothing with it', '{"a":"b\n{"c":1}\n', ['{"c":1}']],
    ['nor where it is cut between values', '{"a":1,\n{"c":1}\n', ['{"c":1}']],
    ['nor an open list of a log', '[warn\n{"c":1}\n', ['{"c":1}']],
    ['what only looks like one', '{ echo hi; }\n[2026-01-01] x\n{a}\n{"c":1}\n', ['{"c":1}']],
    ['CR alone and CRLF', '{"a":1}\r{"b":1}\r\n', ['{"a":1}', '{"b":1}']],
    ['a byte order mark', '\ufeff{"a":1}\n', ['{"a":1}']],
  ];
  it.each(found)('%s', (_, text, objects) => {
    expect(frame(text).objects).toEqual(objects);
  });

  it('tells a value without an end from a line without one', () => {
    expect(frame('{"a":1}').unfinished).toBe(false);
    expect(frame('text').unfinished).toBe(false);
    expect(frame('[{"a":1}]\n{"a":1}').unfinished).toBe(false);
    expect(frame('{"a":').unfinished).toBe(true);
    expect(frame('[{"a":1}').unfinished).toBe(true);
  });

  it('skips what is too long, and goes on after it', () => {
    const { objects, overlong } = frame(`{"a":"${'x'.repeat(50)}"}\n{"b":1}\n`, 40);
    expect({ objects, overlong }).toEqual({ objects: ['{"b":1}'], overlong: 1 });
    expect(frame('{"a":"123456"}', 14).objects).toHaveLength(1);
    expect(frame('{"a":"1234567"}', 14).overlong).toBe(1);
  });

  it('keeps what is none', () => {
    expect(frame('one\n{"a":1} two\n{"b\nthree').noise).toBe('one\ntwo\n{"b\nthree');
  });
});

describe('streams as they come', () => {
  const variants: Array<[string, string]> = [
    ['CRLF', codex.run().replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${codex.run()}`],
    ['no end of the last line', codex.run().trimEnd()],
    [
      'banners before it',
      `\u001b[?2004h\u001b]0;host: ~\u0007Welcome!\nReading additional input from stdin...\n${codex.run()}`,
    ],
    ['a title without an end', `\u001b]0;codex\n${codex.run()}`],
    ['a title on the same line', `\u001b]0;codex\u0007${codex.run()}`],
    ['colours', codex.run().replaceAll('{"type"', '\u001b[1m{"type"').replaceAll('\n', '\u001b[0m\n')],
    ['blank lines and log lines between', codex.run().replaceAll('\n', '\n\n2026-01-01 WARN {x\n')],
  ];
  it.each(variants)('%s', async (_, output) => {
    expect(await parse('codex', output)).toEqual(await parse('codex', codex.run()));
  });

  it('bytes that are no UTF-8 are replaced', async () => {
    const output = Buffer.from(codex.run('a#b'));
    output[output.indexOf('#')] = 0xff;
    expect((await parse('codex', output)).receipt?.summary).toBe('a\ufffdb');
  });

  it('a summary holds no escapes, and is cut to what a receipt takes; the text is not', async () => {
    const said = `\u001b[31mred\u001b[0m\u0000 ${'long '.repeat(10_000)}`;
    const parsed = await parse('codex', codex.run(said));
    expect(parsed.receipt?.summary).toMatch(/^red long /);
    expect(parsed.receipt?.summary.length).toBeLessThanOrEqual(16_384);
    expect(parsed.text?.length).toBeGreaterThan(49_000);
  });

  it('a result cut at the size of a pipe, with exit code 0', async () => {
    const output = JSON.stringify(claude.result({ result: 'x'.repeat(80_000) })).slice(0, 65_536);
    const { failure } = await parse('claude', output);
    expect(failure?.code).toBe('truncated_output');
    expect(failure?.message).toContain('65536 bytes');
    expect(failure?.message).toContain('at the size of a pipe');
    const list = JSON.stringify([claude.init, claude.result()]);
    expect((await parse('claude', list.slice(0, -20))).failure?.code).toBe('truncated_output');
  });

  it('an unfinished value after the end is a warning', async () => {
    expect((await parse('codex', `${codex.run()}{"type":"it`)).warnings).toEqual(['unfinished_tail']);
  });

  it('nothing, nothing but blanks, and nothing but words', async () => {
    expect((await parse('codex', '')).failure?.code).toBe('no_output');
    expect((await parse('codex', '\r\n \n')).failure?.code).toBe('no_output');
    expect((await parse('codex', 'codex: PING\ntokens used 357\n')).failure?.code).toBe('malformed_output');
  });

  it.each(['text', 'codex', 'receipt'] as const)('%s: a source may use its buffer again', async (cli) => {
    const bytes = Buffer.from('usage limit: \n{"status":"failed","summary":"usage limit"}\nthe end');
    async function* output() {
      const buffer = Buffer.alloc(3);
      for (let at = 0; at < bytes.length; at += 3)
        yield buffer.subarray(0, bytes.copy(buffer, 0, at, at + 3));
    }
    const end = { exit_code: 1, stderr: '' };
    expect(await parseOutput(cli, output(), end)).toEqual(await parse(cli, bytes, end));
  });

  it('halves of characters and numbers beyond all bounds leave a receipt that others take', async () => {
    const output = lines(
      { ...codex.thread, thread_id: 'x\ud800' },
      codex.turn,
      codex.item({ type: 'file_change', status: 'completed', changes: [{ path: 'a\udc00' }] }),
      codex.said(`${'y'.repeat(15_999)}\u{1f600}${'z'.repeat(2_000)} \ud800`),
      { ...codex.done, usage: { input_tokens: 1e300, output_tokens: -1 } },
    );
    const { receipt } = await parse('codex', output);
    expect(receiptSchema.safeParse(receipt).success).toBe(true);
    expect(JSON.stringify(receipt)).not.toMatch(/\\ud[89a-f]/i);
    const step = { ...opencode.finish('stop').part, tokens: { input: 9e15, output: 9e15 } };
    const steps = lines(
      opencode.text('x'),
      { type: 'step_finish', part: step },
      { type: 'step_finish', part: step },
    );
    const added = await parse('opencode', steps);
    expect(receiptSchema.safeParse(added.receipt).success).toBe(true);
  });

  it('a source that fails is not taken for an end', async () => {
    async function* output() {
      yield Buffer.from(codex.run());
      throw new Error('the disk is gone');
    }
    await expect(parseOutput('codex', output(), { exit_code: 0, stderr: '' })).rejects.toThrow(
      'the disk is gone',
    );
  });
});

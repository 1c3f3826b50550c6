import fc from 'fast-check';
import { claude, codex, gemini, type Json, lines, opencode } from './streams';

/** Events of every CLI, with anything in their fields. */
const anyEvent = fc
  .tuple(
    fc.constantFrom<Json>(
      codex.thread,
      codex.turn,
      codex.done,
      codex.said('x'),
      codex.failed('x'),
      codex.item({ type: 'file_change', status: 'completed', changes: [{ path: 'a' }] }),
      { id: '0', msg: { type: 'task_complete', last_agent_message: 'x' } },
      { id: '0', msg: { type: 'patch_apply_begin', call_id: 'c', changes: { a: 1 } } },
      claude.init,
      claude.assistant(claude.text('x'), {
        type: 'tool_use',
        id: 't',
        name: 'Write',
        input: { file_path: 'a' },
      }),
      claude.user({ type: 'tool_result', tool_use_id: 't' }),
      claude.result(),
      claude.result({ is_error: true, modelUsage: { m: { inputTokens: 1 } } }),
      { type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 1e10 } },
      gemini.document(),
      gemini.document({ error: { type: 'x', message: 'y', code: 53 } }),
      gemini.init,
      gemini.delta('x'),
      gemini.done,
      opencode.start(),
      opencode.text('x'),
      opencode.tool('write', { status: 'completed', input: { filePath: 'a' } }),
      opencode.finish('stop'),
      opencode.error({ name: 'APIError', data: { statusCode: 429 } }),
      { status: 'completed', summary: 's' },
    ),
    fc.option(fc.tuple(fc.nat(), fc.jsonValue()), { nil: null }),
    fc.option(fc.tuple(fc.nat(), fc.nat(), fc.jsonValue()), { nil: null }),
  )
  .map(([event, change, inner]) => {
    const copy = structuredClone(event);
    const put = (into: Json, index: number, value: unknown) => {
      const keys = Object.keys(into);
      into[keys[index % keys.length] ?? 'extra'] = value;
    };
    if (inner !== null) {
      const objects = Object.values(copy).filter(
        (v) => typeof v === 'object' && v !== null && !Array.isArray(v),
      );
      if (objects.length > 0) put(objects[inner[0] % objects.length] as Json, inner[1], inner[2]);
    }
    if (change !== null) put(copy, change[0], change[1]);
    return copy;
  });

const fragment = fc.oneof(
  { weight: 6, arbitrary: anyEvent.map((event) => Buffer.from(lines(event))) },
  { weight: 1, arbitrary: anyEvent.map((event) => Buffer.from(JSON.stringify(event, null, 2))) },
  {
    weight: 1,
    arbitrary: fc.array(anyEvent, { maxLength: 3 }).map((list) => Buffer.from(JSON.stringify(list))),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(
        '\n',
        '\r\n',
        '\r',
        '\ufeff',
        '{',
        '[',
        '}',
        ']',
        '"',
        '\\',
        ',',
        ' ',
        '{"',
        '[{"a":',
        '\u001b[31m',
      )
      .map((text) => Buffer.from(text)),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        '\u001b',
        '\u001b]0;t\u0007',
        '\u001b]0;t\u001b\\',
        '\u001bP',
        'usage limit, resets 1pm (UTC)\n',
        'é',
      )
      .map((text) => Buffer.from(text)),
  },
);

/** Whole and broken events of every CLI, and other bytes between. */
export const stream = fc.array(fragment, { maxLength: 12 }).map((parts) => Buffer.concat(parts));

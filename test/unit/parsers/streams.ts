import { parseOutput } from '../../../activities/agent-cli/parsers/parse-output';
import type { OutputEnd, ParsedOutput } from '../../../activities/agent-cli/parsers/types';
import type { CliName } from '../../../contracts/template';

export type Json = Record<string, unknown>;

/** 2026-11-21T12:00:00Z. */
export const NOW = Date.UTC(2026, 10, 21, 12);

export const lines = (...events: Json[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');

export async function* chunksOf(bytes: Uint8Array, ...cuts: number[]): AsyncIterable<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
  yield bytes.subarray(from);
}

export const parse = (
  cli: CliName,
  output: string | Uint8Array,
  end: Partial<OutputEnd> = {},
): Promise<ParsedOutput> =>
  parseOutput(cli, chunksOf(Buffer.from(output)), { exit_code: 0, stderr: '', ended_at_ms: NOW, ...end });

export const codex = {
  thread: { type: 'thread.started', thread_id: 'thread-1' },
  turn: { type: 'turn.started' },
  item: (item: Json) => ({ type: 'item.completed', item: { id: 'item_0', ...item } }),
  said: (text: string) => codex.item({ type: 'agent_message', text }),
  done: { type: 'turn.completed', usage: { input_tokens: 120, cached_input_tokens: 100, output_tokens: 30 } },
  failed: (message: string) => ({ type: 'turn.failed', error: { message } }),
  run: (text = 'All done.') => lines(codex.thread, codex.turn, codex.said(text), codex.done),
};

export const claude = {
  init: { type: 'system', subtype: 'init', session_id: 's-1', model: 'model-a', cwd: '/w' },
  assistant: (...content: Json[]) => ({
    type: 'assistant',
    message: { role: 'assistant', model: 'model-a', content },
    parent_tool_use_id: null,
    session_id: 's-1',
  }),
  user: (...content: Json[]) => ({ type: 'user', message: { role: 'user', content }, session_id: 's-1' }),
  text: (text: string) => ({ type: 'text', text }),
  result: (fields: Json = {}) => ({
    type: 'result',
    subtype: 'success',
    is_error: false,
    duration_ms: 1_200,
    num_turns: 2,
    result: 'All done.',
    session_id: 's-1',
    total_cost_usd: 0.25,
    usage: {
      input_tokens: 5,
      cache_creation_input_tokens: 10,
      cache_read_input_tokens: 100,
      output_tokens: 7,
    },
    permission_denials: [],
    ...fields,
  }),
};

export const gemini = {
  document: (fields: Json = {}) => ({
    session_id: 'g-1',
    response: 'All done.',
    stats: {
      models: {
        'model-small': { tokens: { prompt: 10, candidates: 1, thoughts: 0, total: 11 } },
        'model-large': { tokens: { prompt: 200, candidates: 40, thoughts: 5, total: 245 } },
      },
      tools: { totalCalls: 0 },
    },
    ...fields,
  }),
  init: { type: 'init', session_id: 'g-1', model: 'model-large' },
  delta: (content: string) => ({ type: 'message', role: 'assistant', content, delta: true }),
  done: {
    type: 'result',
    status: 'success',
    stats: { input_tokens: 50, output_tokens: 6, duration_ms: 900 },
  },
};

let at = 1_760_000_000_000;
const part = (type: string, fields: Json) => ({ type, timestamp: at++, sessionID: 'ses_1', part: fields });
export const opencode = {
  start: () => part('step_start', { type: 'step-start' }),
  text: (text: string) => part('text', { type: 'text', text }),
  tool: (tool: string, state: Json) => part('tool_use', { type: 'tool', tool, state }),
  finish: (reason?: string) =>
    part('step_finish', {
      type: 'step-finish',
      ...(reason !== undefined && { reason }),
      cost: 0.5,
      tokens: { input: 1, output: 20, reasoning: 3, cache: { read: 300, write: 4 } },
    }),
  error: (error: Json) => ({ type: 'error', timestamp: at++, sessionID: 'ses_1', error }),
};

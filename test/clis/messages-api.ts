/** What the Anthropic Messages API streams, as far as Claude Code reads it. */
import type { ModelEvent } from './model-server';

interface Message {
  content: string | Array<{ type: string }>;
}

export const toolResultsOf = ({ messages }: Record<string, unknown>): number =>
  (messages as Message[]).flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.filter(({ type }) => type === 'tool_result'),
  ).length;

export function messageEvents(
  turn: { text: string } | { shell: string },
  body: Record<string, unknown>,
): ModelEvent[] {
  const step = toolResultsOf(body);
  const isText = 'text' in turn;
  const block = isText
    ? { type: 'text', text: '' }
    : { type: 'tool_use', id: `toolu_${step}`, name: 'Bash', input: {} };
  const delta = isText
    ? { type: 'text_delta', text: turn.text }
    : {
        type: 'input_json_delta',
        partial_json: JSON.stringify({ command: turn.shell, description: 'a step' }),
      };
  return [
    {
      type: 'message_start',
      message: {
        id: `msg_${step}`,
        type: 'message',
        role: 'assistant',
        model: body.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 1_000, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: isText ? 'end_turn' : 'tool_use', stop_sequence: null },
      usage: { output_tokens: 34 },
    },
    { type: 'message_stop' },
  ];
}

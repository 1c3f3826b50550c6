/** What the OpenAI Responses API streams, as far as Codex reads it. */
import type { ModelEvent } from './model-server';

const USAGE = {
  input_tokens: 1_200,
  input_tokens_details: { cached_tokens: 200 },
  output_tokens: 34,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 1_234,
};

interface Item {
  type?: string;
}

export const outputsOf = ({ input }: Record<string, unknown>): number =>
  (input as Item[]).filter(({ type }) => type?.endsWith('_call_output')).length;

export function responseEvents(
  turn: { text: string } | { shell: string },
  body: Record<string, unknown>,
): ModelEvent[] {
  const id = `resp_${outputsOf(body)}`;
  const item =
    'text' in turn
      ? {
          type: 'message',
          id: `msg_${id}`,
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: turn.text, annotations: [] }],
        }
      : {
          type: 'function_call',
          id: `fc_${id}`,
          call_id: `call_${id}`,
          status: 'completed',
          ...shellCall(turn.shell, body.tools as Tool[]),
        };
  return [
    { type: 'response.created', response: { id, object: 'response', status: 'in_progress', output: [] } },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: 'response.completed',
      response: { id, object: 'response', status: 'completed', output: [item], usage: USAGE },
    },
  ];
}

interface Tool {
  name?: string;
}

/** Which shell tool there is depends on the version and on what it knows of the model. */
function shellCall(command: string, tools: Tool[]): { name: string; arguments: string } {
  const names = tools.map(({ name }) => name);
  const call = (name: string, values: object) => ({ name, arguments: JSON.stringify(values) });
  if (names.includes('exec_command')) return call('exec_command', { cmd: command });
  if (names.includes('shell_command')) return call('shell_command', { command });
  if (names.includes('shell')) return call('shell', { command: ['sh', '-c', command] });
  throw new Error(`no shell tool among ${names.join(', ')}`);
}

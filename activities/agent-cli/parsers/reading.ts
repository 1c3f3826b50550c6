import type { Reading, Terminal } from './types';

export const EMPTY_READING: Readonly<Reading> = {
  terminal: null,
  text: null,
  last_error: null,
  without_terminal: null,
  session_id: null,
  model: null,
  input_tokens: null,
  output_tokens: null,
  cost_usd: null,
  duration_ms: null,
  changed_files: [],
  permission_denials: 0,
};

export type Failing = Extract<Terminal, { ok: false }>;

export const failing = (message: string, fields: Partial<Failing> = {}): Failing => ({
  ok: false,
  code: null,
  otherwise: 'agent_failed',
  message,
  resets_at: null,
  ...fields,
});

import { ChangedFiles } from './changed-files';
import { classifyStatus } from './classify';
import type { FailureCode } from './failures';
import { amountOf, countOf, type Fields, fieldsOf, nameOf, stringOf, sumOf, wordsOf } from './fields';
import { EMPTY_READING, type Failing, failing } from './reading';
import type { EventReader, Reading } from './types';

const WRITERS = new Set(['write', 'edit', 'multiedit', 'patch']);
const BY_NAME: Record<string, FailureCode> = {
  ProviderAuthError: 'auth',
  MessageOutputLengthError: 'context_limit',
  MessageAbortedError: 'interrupted',
};

/** `opencode run --format json`. There is no result: the end is the last step that stopped by itself. */
export class OpencodeReader implements EventReader {
  private readonly reading: Reading = { ...EMPTY_READING };
  private readonly files = new ChangedFiles();
  private stepUsedTools = false;
  private stepSaid = false;
  private first_ms: number | null = null;
  private last_ms: number | null = null;

  event(event: Fields): void {
    const { reading } = this;
    const part = fieldsOf(event.part) ?? {};
    reading.session_id = nameOf(event.sessionID) ?? reading.session_id;
    const at = countOf(event.timestamp);
    this.first_ms ??= at;
    this.last_ms = at ?? this.last_ms;
    switch (event.type) {
      case 'step_start':
        reading.terminal = null;
        this.stepUsedTools = this.stepSaid = false;
        return;
      case 'text':
        reading.text = wordsOf(part.text) ?? reading.text;
        this.stepSaid = true;
        return;
      case 'tool_use':
        this.stepUsedTools = true;
        this.tool(part);
        return;
      case 'step_finish':
        this.finish(part);
        return;
      case 'error':
        reading.terminal = failed(event.error);
    }
  }

  conclude(): Reading {
    const { first_ms, last_ms } = this;
    return {
      ...this.reading,
      duration_ms: first_ms === null || last_ms === null ? null : Math.max(0, last_ms - first_ms),
      changed_files: this.files.list(),
    };
  }

  private finish(part: Fields): void {
    const { reading } = this;
    const tokens = fieldsOf(part.tokens) ?? {};
    const cache = fieldsOf(tokens.cache) ?? {};
    const input = [tokens.input, cache.read, cache.write].map(countOf);
    reading.input_tokens = sumOf([reading.input_tokens, ...input]);
    reading.output_tokens = sumOf([reading.output_tokens, countOf(tokens.output)]);
    reading.cost_usd = sumOf([reading.cost_usd, amountOf(part.cost)]);
    const reason = stringOf(part.reason);
    // Old versions and some providers give no reason; then a step that only spoke was the last.
    const unnamed = reason === null || reason === 'unknown' || reason === 'other';
    if (reason === 'stop' || (unnamed && this.stepSaid && !this.stepUsedTools))
      reading.terminal = { ok: true };
    else if (reason === 'length')
      reading.terminal = failing('the model reached its output limit', { code: 'context_limit' });
    else if (reason === 'content-filter' || reason === 'error')
      reading.terminal = failing(`the last step ended with: ${reason}`, { otherwise: 'api_error' });
    else reading.terminal = null;
  }

  private tool(part: Fields): void {
    const state = fieldsOf(part.state);
    const tool = stringOf(part.tool);
    if (tool === null || !WRITERS.has(tool) || state?.status !== 'completed') return;
    this.files.add(fieldsOf(state.input)?.filePath);
  }
}

function failed(value: unknown): Failing {
  const error = fieldsOf(value) ?? {};
  const data = fieldsOf(error.data) ?? {};
  const name = wordsOf(error.name);
  const message = [name, wordsOf(data.message) ?? wordsOf(error.message)]
    .filter((part) => part !== null)
    .join(': ');
  const byName = name !== null && Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  return failing(message || 'the CLI reported an error', {
    code: byName ?? classifyStatus(countOf(data.statusCode)),
    otherwise: 'api_error',
  });
}

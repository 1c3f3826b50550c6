import { ChangedFiles } from './changed-files';
import type { FailureCode } from './failures';
import { countOf, type Fields, fieldsOf, nameOf, stringOf, sumOf, wordsOf } from './fields';
import { EMPTY_READING, failing } from './reading';
import { type EventReader, type OutputEnd, type Reading, TEXT_MAX } from './types';

const WRITERS = new Set(['write_file', 'replace', 'edit']);
const BY_CODE: Record<number, FailureCode> = {
  41: 'auth',
  42: 'bad_arguments',
  52: 'bad_arguments',
  53: 'max_turns',
  130: 'interrupted',
};

/** `gemini -p --output-format json` (one indented object) and `stream-json`. */
export class GeminiReader implements EventReader {
  private readonly reading: Reading = { ...EMPTY_READING };
  private readonly files = new ChangedFiles();
  /** The pieces of the last message; after anything else a new one starts. */
  private pieces: string[] = [];
  private said = 0;
  private saying = false;

  event(event: Fields): void {
    const { reading } = this;
    if (event.type === 'message') {
      if (event.role === 'assistant') this.say(stringOf(event.content) ?? '', event.delta === true);
      return;
    }
    this.saying = false;
    switch (event.type) {
      case 'init':
        reading.terminal = null;
        reading.session_id = nameOf(event.session_id);
        reading.model = nameOf(event.model);
        return;
      case 'tool_use': {
        const parameters = fieldsOf(event.parameters);
        const tool = stringOf(event.tool_name);
        if (tool !== null && WRITERS.has(tool)) this.files.propose(event.tool_id, parameters?.file_path);
        return;
      }
      case 'tool_result':
        this.files.settle(event.tool_id, event.status === 'success');
        return;
      case 'error':
        reading.last_error = wordsOf(event.message) ?? reading.last_error;
        return;
      case 'result':
        if (event.status !== 'success' && event.status !== 'error') return;
        reading.terminal = event.status === 'success' ? { ok: true } : failed(event.error);
        this.stats(fieldsOf(event.stats) ?? {});
        return;
      case undefined:
        this.document(event);
    }
  }

  conclude(end: OutputEnd): Reading {
    return {
      ...this.reading,
      text: this.reading.text ?? wordsOf(this.pieces.join('')),
      changed_files: this.files.list(),
      without_terminal: BY_CODE[end.exit_code ?? 0] ?? null,
    };
  }

  private say(content: string, delta: boolean): void {
    if (!delta || !this.saying) {
      this.pieces = [];
      this.said = 0;
    }
    this.saying = true;
    this.said += content.length;
    if (this.said <= TEXT_MAX) this.pieces.push(content);
  }

  private document(event: Fields): void {
    const failure = fieldsOf(event.error);
    const response = stringOf(event.response);
    if (failure === null && (response === null || fieldsOf(event.stats) === null)) return;
    this.reading.session_id = nameOf(event.session_id) ?? this.reading.session_id;
    this.reading.text = wordsOf(response);
    this.reading.terminal = failure === null ? { ok: true } : failed(failure);
    this.stats(fieldsOf(event.stats) ?? {});
  }

  private stats(stats: Fields): void {
    const models = Object.entries(fieldsOf(stats.models) ?? {}).map(([name, value]) => {
      const model = fieldsOf(value) ?? {};
      const tokens = fieldsOf(model.tokens);
      return tokens === null
        ? { name, input: countOf(model.input_tokens), output: countOf(model.output_tokens) }
        : {
            name,
            input: countOf(tokens.prompt),
            output: sumOf([countOf(tokens.candidates), countOf(tokens.thoughts)]),
          };
    });
    const { reading } = this;
    reading.input_tokens = countOf(stats.input_tokens) ?? sumOf(models.map((model) => model.input));
    reading.output_tokens = countOf(stats.output_tokens) ?? sumOf(models.map((model) => model.output));
    reading.duration_ms = countOf(stats.duration_ms);
    const main = models.sort((a, b) => (b.output ?? 0) - (a.output ?? 0))[0];
    reading.model ??= nameOf(main?.name);
  }
}

function failed(error: unknown) {
  const fields = fieldsOf(error) ?? {};
  const message = [wordsOf(fields.type), wordsOf(fields.message)].filter((part) => part !== null).join(': ');
  return failing(message || 'the CLI reported an error', {
    code: BY_CODE[countOf(fields.code) ?? 0] ?? null,
    otherwise: 'api_error',
  });
}

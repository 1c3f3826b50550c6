import { ChangedFiles } from './changed-files';
import { LegacyCodex } from './codex-legacy';
import { countOf, type Fields, fieldsOf, listOf, nameOf, stringOf, wordsOf } from './fields';
import { EMPTY_READING, failing } from './reading';
import type { EventReader, OutputEnd, Reading } from './types';

/**
 * `codex exec --json`. A top-level `error` is no end: it is also sent for what is tried again. Usage is the
 * total of the thread so far.
 */
export class CodexReader implements EventReader {
  private readonly reading: Reading = { ...EMPTY_READING };
  private readonly files = new ChangedFiles();
  private readonly legacy = new LegacyCodex(this.reading, this.files);
  private turnOpen = false;
  private plan: string | null = null;
  private commentary: string | null = null;

  event(event: Fields): void {
    const { reading } = this;
    switch (event.type) {
      case 'thread.started':
        reading.session_id = nameOf(event.thread_id) ?? reading.session_id;
        reading.model = nameOf(event.model) ?? reading.model;
        return;
      case 'turn.started':
        reading.terminal = null;
        this.turnOpen = true;
        return;
      case 'turn.completed':
        reading.terminal = { ok: true };
        this.turnOpen = false;
        this.usage(fieldsOf(event.usage));
        return;
      case 'turn.failed': {
        const message = wordsOf(fieldsOf(event.error)?.message);
        const vague = message === null || message === 'turn failed';
        reading.terminal = failing((vague ? reading.last_error : null) ?? message ?? 'turn failed');
        this.turnOpen = false;
        return;
      }
      case 'error':
        reading.last_error = wordsOf(event.message) ?? reading.last_error;
        return;
      case 'item.completed':
        this.item(fieldsOf(event.item) ?? {});
        return;
      default:
        this.legacy.event(event);
    }
  }

  conclude(end: OutputEnd): Reading {
    const stopped = this.turnOpen && (end.exit_code === 1 || end.exit_code === 130);
    return {
      ...this.reading,
      text: this.reading.text ?? this.commentary ?? this.plan,
      changed_files: this.files.list(),
      // An interrupted turn ends without any event.
      without_terminal: stopped ? 'interrupted' : null,
    };
  }

  private item(item: Fields): void {
    // `item_type` and `assistant_message` are the words of the first weeks of this format.
    switch (item.type ?? item.item_type) {
      case 'agent_message':
      case 'assistant_message':
        if (item.phase === 'commentary') this.commentary = wordsOf(item.text) ?? this.commentary;
        else this.reading.text = wordsOf(item.text) ?? this.reading.text;
        return;
      case 'plan':
        this.plan = wordsOf(item.text) ?? this.plan;
        return;
      case 'file_change':
        if (stringOf(item.status) !== 'completed') return;
        for (const change of listOf(item.changes)) this.files.add(fieldsOf(change)?.path);
    }
  }

  private usage(usage: Fields | null): void {
    this.reading.input_tokens = countOf(usage?.input_tokens) ?? this.reading.input_tokens;
    this.reading.output_tokens = countOf(usage?.output_tokens) ?? this.reading.output_tokens;
  }
}

import { ChangedFiles } from './changed-files';
import { claudeResult } from './claude-result';
import { type Fields, fieldsOf, listOf, nameOf, stringOf, wordsOf } from './fields';
import { EMPTY_READING } from './reading';
import { epochToIso } from './reset-time';
import type { EventReader, Reading } from './types';

const SESSIONS_MAX = 64;
const WRITERS = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit']);

/**
 * `claude -p --output-format json` (one object, or a list of all events where the user's settings are
 * verbose) and `stream-json`. A run may print several results; the last one counts.
 */
export class ClaudeReader implements EventReader {
  private reading: Reading = { ...EMPTY_READING };
  private readonly files = new ChangedFiles();
  private readonly sessions = new Set<string>();
  private said: string | null = null;
  private resets_at: string | null = null;

  event(event: Fields): void {
    const session = nameOf(event.session_id);
    switch (event.type) {
      case 'system':
        if (event.subtype === 'init') {
          // Another turn: what the last one ended with is not the end.
          this.reading.terminal = null;
          this.reading.session_id = session ?? this.reading.session_id;
          this.reading.model = nameOf(event.model) ?? this.reading.model;
        }
        break;
      case 'assistant':
        this.assistant(event);
        break;
      case 'user':
        for (const part of contentOf(event)) {
          if (part.type === 'tool_result') this.files.settle(part.tool_use_id, part.is_error !== true);
        }
        break;
      case 'rate_limit_event': {
        const info = fieldsOf(event.rate_limit_info);
        if (info?.status === 'rejected') this.resets_at = epochToIso(info.resetsAt) ?? this.resets_at;
        return;
      }
      case 'result':
        // A result of a session nobody has heard of here was printed by something else.
        if (session !== null && this.sessions.size > 0 && !this.sessions.has(session)) return;
        this.reading = { ...this.reading, ...claudeResult(event, this.reading) };
        this.reading.session_id = session ?? this.reading.session_id;
        return;
      default:
        return;
    }
    if (session !== null && this.sessions.size < SESSIONS_MAX) this.sessions.add(session);
  }

  conclude(): Reading {
    const { terminal } = this.reading;
    return {
      ...this.reading,
      text: this.reading.text ?? this.said,
      changed_files: this.files.list(),
      terminal:
        terminal === null || terminal.ok
          ? terminal
          : { ...terminal, resets_at: terminal.resets_at ?? this.resets_at },
    };
  }

  private assistant(event: Fields): void {
    const message = fieldsOf(event.message);
    const model = nameOf(message?.model);
    if (this.reading.model === null && model !== '<synthetic>') this.reading.model = model;
    const words: string[] = [];
    for (const part of contentOf(event)) {
      const tool = stringOf(part.name);
      if (part.type === 'text') words.push(stringOf(part.text) ?? '');
      if (part.type === 'tool_use' && tool !== null && WRITERS.has(tool)) {
        const input = fieldsOf(part.input);
        this.files.propose(part.id, input?.file_path ?? input?.notebook_path);
      }
    }
    const text = wordsOf(words.join('\n'));
    if (event.error !== undefined && event.error !== null) {
      this.reading.last_error =
        [stringOf(event.error), text].filter((part) => part !== null).join(': ') || null;
    } else if (typeof event.parent_tool_use_id !== 'string') {
      // Words of a sub-agent are not those of the agent.
      this.said = text ?? this.said;
    }
  }
}

const contentOf = (event: Fields): Fields[] =>
  listOf(fieldsOf(event.message)?.content)
    .map(fieldsOf)
    .filter((part) => part !== null);

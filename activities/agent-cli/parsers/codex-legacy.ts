import type { ChangedFiles } from './changed-files';
import { countOf, type Fields, fieldsOf, nameOf, wordsOf } from './fields';
import { failing } from './reading';
import type { Reading } from './types';

/** Codex up to about 0.43: a line of settings, then `{"id", "msg": {"type", …}}`. */
export class LegacyCodex {
  constructor(
    private readonly reading: Reading,
    private readonly files: ChangedFiles,
  ) {}

  event(event: Fields): void {
    const msg = fieldsOf(event.msg);
    if (msg === null) {
      if ('sandbox' in event && 'provider' in event) this.reading.model = nameOf(event.model);
      return;
    }
    const { reading } = this;
    switch (msg.type) {
      case 'session_configured':
        reading.session_id = nameOf(msg.session_id) ?? reading.session_id;
        reading.model = nameOf(msg.model) ?? reading.model;
        return;
      case 'task_started':
        reading.terminal = null;
        return;
      case 'agent_message':
        reading.text = wordsOf(msg.message) ?? reading.text;
        return;
      case 'error':
        reading.last_error = wordsOf(msg.message) ?? reading.last_error;
        return;
      case 'turn_aborted':
        reading.terminal = failing('the turn was aborted', { code: 'interrupted' });
        return;
      case 'token_count': {
        const info = fieldsOf(msg.info);
        const usage = fieldsOf(info?.total_token_usage);
        reading.input_tokens = countOf(usage?.input_tokens) ?? reading.input_tokens;
        reading.output_tokens = countOf(usage?.output_tokens) ?? reading.output_tokens;
        return;
      }
      case 'patch_apply_begin':
        for (const path of Object.keys(fieldsOf(msg.changes) ?? {})) this.files.propose(msg.call_id, path);
        return;
      case 'patch_apply_end':
        this.files.settle(msg.call_id, msg.success === true);
        return;
      case 'task_complete': {
        const last = wordsOf(msg.last_agent_message);
        reading.text = last ?? reading.text;
        // It came after errors as well, then without a message.
        const failed = last === null && reading.last_error !== null;
        reading.terminal = failed ? failing(reading.last_error ?? '') : { ok: true };
      }
    }
  }
}

import { classifyFirst } from './classify';
import type { FailureCode } from './failures';
import { type Found, resetIn } from './found';
import { type OutputEnd, PIPE_BYTES, type Reading, type StreamFacts } from './types';

/** Why a stream that has no terminal event failed: it always did. */
export function withoutTerminal(reading: Reading, facts: StreamFacts, end: OutputEnd): Found {
  const how = endedHow(end.exit_code);
  const texts = [reading.last_error, facts.noise, end.stderr];
  const known = classifyFirst(texts, facts.any_program);
  const found = (code: FailureCode, message: string): Found => ({
    code,
    message,
    resets_at: code === 'quota' ? resetIn(texts, end) : null,
  });

  if (end.exit_code !== 0) {
    if (end.exit_code === 127) return found('missing_cli', `${how}: command not found`);
    if (end.exit_code === 126) return found('missing_cli', `${how}: the command cannot be executed`);
    // Where ending thus has a meaning of its own, a passing error of the service does not explain it.
    const vague = known === null || known.code === 'api_error';
    if (vague && reading.without_terminal !== null) {
      return found(reading.without_terminal, `${how}, without a terminal event`);
    }
    if (known !== null) return found(known.code, `${how}: ${known.line}`);
    if (isSignal(end.exit_code)) return found('interrupted', how);
    if (facts.unfinished) return found('truncated_output', `${how}, ${cut(facts)}`);
    const said = end.stderr.trim() === '' ? (reading.last_error ?? facts.noise.trim().slice(-1_000)) : '';
    return found('exit_code', said === '' ? how : `${how}: ${said}`);
  }
  if (facts.unfinished) return found('truncated_output', `${how}, ${cut(facts)}`);
  if (known !== null) return found(known.code, known.line);
  if (facts.bytes === 0 || (facts.objects === 0 && facts.overlong === 0 && facts.noise.trim() === '')) {
    return found('no_output', `${how}, but nothing on standard output`);
  }
  if (facts.objects === 0 && facts.overlong === 0) {
    return found('malformed_output', `${how}, but standard output has no JSON event; the output is kept`);
  }
  const error = reading.last_error === null ? '' : `; last error: ${reading.last_error}`;
  const skipped = facts.overlong > 0 ? `; ${facts.overlong} JSON values were too long to be read` : '';
  return found('no_terminal_event', `${how}, but no event says how the work ended${error}${skipped}`);
}

export const endedHow = (exitCode: number | null): string =>
  exitCode === null ? 'the agent ended without an exit code' : `the agent ended with exit code ${exitCode}`;

/** Shells and launchers report a signal as 128 and its number. */
const isSignal = (exitCode: number | null) =>
  exitCode === null || [129, 130, 131, 137, 143].includes(exitCode);

const cut = ({ bytes }: StreamFacts) =>
  `standard output stops after ${bytes} bytes in the middle of a JSON value${bytes === PIPE_BYTES ? ', at the size of a pipe' : ''}`;

import type { Receipt } from '../../../contracts/receipt';
import { classifyFirst } from './classify';
import { plainText } from './escape-stripper';
import { REMEDIES } from './failures';
import { pullRequestUrl, summaryOf, withStderr } from './final-text';
import { type Found, resetIn } from './found';
import type { Failing } from './reading';
import {
  type OutputEnd,
  type ParsedOutput,
  type Reading,
  type StreamFacts,
  TEXT_MAX,
  type Warning,
} from './types';
import { usageOf } from './usage-of';
import { withoutTerminal } from './without-terminal';

/** The terminal event first, the exit code second (docs/decisions/0004). */
export function verdict(reading: Reading, facts: StreamFacts, end: OutputEnd): ParsedOutput {
  const { terminal } = reading;
  if (terminal?.ok === true && !didNothing(reading)) return succeeded(reading, facts, end);
  if (terminal?.ok === true) {
    return failedWith(reading, facts, end, {
      code: 'no_output',
      message: 'the agent reported success, but gave no answer and used no output tokens',
      resets_at: null,
    });
  }
  const found =
    terminal === null ? withoutTerminal(reading, facts, end) : terminated(reading, terminal, facts, end);
  return failedWith(reading, facts, end, found);
}

const didNothing = ({ text, output_tokens, changed_files }: Reading): boolean =>
  text === null && (output_tokens ?? 0) === 0 && changed_files.length === 0;

/** A failing terminal event: its own words first, then what the CLI said besides. */
function terminated(reading: Reading, terminal: Failing, facts: StreamFacts, end: OutputEnd): Found {
  // Logs on stderr may hold what tools of the agent printed: they explain a failing service only.
  const logged = end.exit_code !== 0 && terminal.otherwise === 'api_error' ? end.stderr : null;
  const texts = [terminal.message, reading.last_error, facts.noise, logged];
  const known = terminal.code === null ? classifyFirst(texts) : null;
  const code = terminal.code ?? known?.code ?? terminal.otherwise;
  const line = known !== null && known.source > 0 ? `${terminal.message} (${known.line})` : terminal.message;
  return {
    code,
    message: line,
    resets_at: code === 'quota' ? (terminal.resets_at ?? resetIn([...texts, end.stderr], end)) : null,
  };
}

function succeeded(reading: Reading, facts: StreamFacts, end: OutputEnd): ParsedOutput {
  const { text, changed_files } = reading;
  const warnings = warningsOf(facts);
  if (end.exit_code !== 0) warnings.push('nonzero_exit');
  if (facts.unfinished) warnings.push('unfinished_tail');
  if (text === null) warnings.push('no_final_text');
  if (reading.permission_denials > 0) warnings.push('permission_denials');
  const pr_url = text === null ? null : pullRequestUrl(text);
  const usage = usageOf(reading);
  const receipt: Receipt = {
    status: 'completed',
    summary: (text === null ? '' : summaryOf(text)) || 'done, without a final message',
    artifacts: { ...(changed_files.length > 0 && { changed_files }), ...(pr_url !== null && { pr_url }) },
    duration_ms: reading.duration_ms ?? 0,
    ...(usage !== null && { usage }),
  };
  return { receipt, failure: null, warnings, ...foundIn(reading) };
}

function failedWith(
  reading: Reading,
  facts: StreamFacts,
  end: OutputEnd,
  { code, message, resets_at }: Found,
): ParsedOutput {
  return {
    receipt: null,
    failure: { code, message: withStderr(message, end), remedy: REMEDIES[code], resets_at },
    warnings: warningsOf(facts),
    ...foundIn(reading),
  };
}

const warningsOf = (facts: StreamFacts): Warning[] => (facts.overlong > 0 ? ['line_too_long'] : []);

const foundIn = (reading: Reading): Pick<ParsedOutput, 'session_id' | 'model' | 'usage' | 'text'> => ({
  session_id: reading.session_id,
  model: reading.model,
  usage: usageOf(reading),
  text: reading.text === null ? null : plainText(reading.text.slice(0, TEXT_MAX)),
});

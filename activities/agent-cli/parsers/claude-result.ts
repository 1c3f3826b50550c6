import { classifyStatus } from './classify';
import type { FailureCode } from './failures';
import { amountOf, countOf, type Fields, fieldsOf, listOf, nameOf, sumOf, wordsOf } from './fields';
import { failing } from './reading';
import type { Reading, Terminal } from './types';

const BY_SUBTYPE: Record<string, FailureCode> = {
  error_max_turns: 'max_turns',
  error_max_budget_usd: 'budget',
  error_max_structured_output_retries: 'malformed_output',
};

/** What a `result` object says; {} when it is none. */
export function claudeResult(event: Fields, before: Reading): Partial<Reading> {
  if (typeof event.subtype !== 'string') return {};
  const denials = listOf(event.permission_denials).length;
  const models = fieldsOf(event.modelUsage) ?? {};
  return {
    terminal: terminalOf(event, event.subtype, denials, before.last_error),
    text: wordsOf(event.result) ?? structured(event.structured_output),
    duration_ms: countOf(event.duration_ms),
    cost_usd: amountOf(event.total_cost_usd) ?? amountOf(event.cost_usd),
    model: before.model ?? mainModel(models),
    permission_denials: denials,
    ...tokens(models, fieldsOf(event.usage) ?? {}),
  };
}

/** Failures of the API, the login and the quota come as subtype `success` with `is_error`. */
function terminalOf(event: Fields, subtype: string, denials: number, lastError: string | null): Terminal {
  if (subtype === 'success' && event.is_error === false) return { ok: true };
  const errors = listOf(event.errors).flatMap(
    (error) => wordsOf(error) ?? wordsOf(fieldsOf(error)?.message) ?? [],
  );
  const message = [...errors.slice(0, 20), wordsOf(event.result)].filter((part) => part !== null).join('; ');
  if (subtype === 'success' && event.is_error !== true) {
    return failing('the result does not say whether it is an error', { code: 'malformed_output' });
  }
  const known = Object.hasOwn(BY_SUBTYPE, subtype) ? BY_SUBTYPE[subtype] : undefined;
  const code = known ?? classifyStatus(countOf(event.api_error_status));
  const service = subtype === 'success' || event.terminal_reason === 'api_error';
  return failing(message || lastError || subtype, {
    code: code ?? null,
    otherwise: service ? 'api_error' : denials > 0 ? 'permission_denied' : 'agent_failed',
  });
}

/** All models together, as the cost is; main model only where there are no numbers by model. */
function tokens(models: Fields, usage: Fields): Pick<Reading, 'input_tokens' | 'output_tokens'> {
  const each = Object.values(models).map((model) => fieldsOf(model) ?? {});
  const byModel = (names: string[]) =>
    sumOf(each.flatMap((model) => names.map((name) => countOf(model[name]))));
  const input = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  return {
    input_tokens:
      byModel(['inputTokens', 'cacheReadInputTokens', 'cacheCreationInputTokens']) ??
      sumOf(input.map((name) => countOf(usage[name]))),
    output_tokens: byModel(['outputTokens']) ?? countOf(usage.output_tokens),
  };
}

function mainModel(models: Fields): string | null {
  const names = Object.keys(models).sort((a, b) => outputOf(models[b]) - outputOf(models[a]));
  return nameOf(names[0]);
}

const outputOf = (model: unknown): number => countOf(fieldsOf(model)?.outputTokens) ?? 0;

function structured(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  try {
    return JSON.stringify(value);
  } catch {
    // Nested deeper than the stack.
    return null;
  }
}

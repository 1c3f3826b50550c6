import { countOf } from './fields';
import type { Reading, Usage } from './types';

/** null when nothing is known. */
export function usageOf(reading: Reading): Usage | null {
  const { model, session_id, cost_usd } = reading;
  const input_tokens = countOf(reading.input_tokens);
  const output_tokens = countOf(reading.output_tokens);
  const usage = {
    ...(model !== null && { model: model }),
    ...(input_tokens !== null && { input_tokens }),
    ...(output_tokens !== null && { output_tokens }),
    ...(cost_usd !== null && Number.isFinite(cost_usd) && { cost_usd }),
    ...(session_id !== null && { session_id: session_id }),
  };
  return Object.keys(usage).length === 0 ? null : usage;
}

/**
 * Exponential back-off with full jitter above half: retry 1 waits in [initial/2, initial], retry 2 twice that,
 * up to `max_ms`. `random` is in [0, 1); in a workflow it is the deterministic one.
 */
export function backoffMs(
  retry: number,
  policy: { initial_ms: number; max_ms: number },
  random: number,
): number {
  const exponential = Math.min(policy.max_ms, policy.initial_ms * 2 ** Math.min(retry - 1, 30));
  return Math.round(exponential / 2 + (exponential / 2) * random);
}

import type { KnownHolder } from '../dispatch/directory';
import { SETTLE_MS } from '../workflows/rules/kill';
import { ApiProblem } from './problems';

/** Throws 409 while a claim that was sent before the kill may still be granted. */
export function assertSettled({ profile, killed }: KnownHolder) {
  if (!killed || killed.settled) return;
  const left = killed.at + SETTLE_MS - Date.now();
  throw new ApiProblem(409, 'kill_not_settled', `the kill of ${profile.id} is not through yet`, {
    retryAfterS: Math.max(1, Math.ceil(left / 1_000)),
  });
}

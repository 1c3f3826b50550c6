/**
 * Since when this process has been able to reach the engine. After an outage of either, holders whose leases
 * have lapsed meanwhile get a chance to come back before anybody takes their tasks (workflows/rules/claim.ts).
 */
import { GRPC } from './grpc-status';

export interface Reachability {
  /** Told the gRPC status of every try of every call. */
  note(status: number): void;
  /** Milliseconds since 1970; now, while the engine does not answer. */
  since(): number;
}

/** Shorter ones are no outage: a lost packet must not hold tasks back. In milliseconds. */
const OUTAGE_MIN_MS = 1_000;

export function createReachability(now: () => number = Date.now): Reachability {
  let since = now();
  let failingSince: number | null = null;
  return {
    note(status) {
      if (status === GRPC.unavailable || status === GRPC.deadlineExceeded) {
        failingSince ??= now();
        return;
      }
      if (failingSince !== null && now() - failingSince >= OUTAGE_MIN_MS) since = now();
      failingSince = null;
    },
    since: () => (failingSince !== null && now() - failingSince >= OUTAGE_MIN_MS ? now() : since),
  };
}

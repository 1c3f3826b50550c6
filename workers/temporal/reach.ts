import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../error-code';
import type { TemporalAddress } from '../role';
import { withConnection } from './serving';

const POLL_MS = 250;
// gRPC statuses.
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const UNAUTHENTICATED = 16;

/**
 * Waits until a server that is already there answers for its namespace; it may still be starting.
 * @throws Error that says what is wrong, when `signal` aborts first or when waiting cannot help
 */
export async function reachTemporal(
  { address, connectionOptions, namespace }: TemporalAddress,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await withConnection(connectionOptions, (connection) =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      return;
    } catch (error) {
      const refused = hasCode(error, PERMISSION_DENIED) || hasCode(error, UNAUTHENTICATED);
      if (refused || signal.aborted) throw new Error(explain(error, address, namespace), { cause: error });
    }
    await pause(POLL_MS);
  }
}

function explain(error: unknown, address: string, namespace: string): string {
  if (hasCode(error, NOT_FOUND)) {
    return `the Temporal server at ${address} has no namespace ${namespace}; make it, or set TEMPORAL_NAMESPACE`;
  }
  if (hasCode(error, PERMISSION_DENIED) || hasCode(error, UNAUTHENTICATED)) {
    return `the Temporal server at ${address} refuses us on namespace ${namespace}: check TEMPORAL_API_KEY or the TLS certificate (${error})`;
  }
  return `no Temporal server answers at ${address} (${error})`;
}

/** Three connections to one engine, because calls that must be quick wait behind nothing. */
import { Client, Connection } from '@temporalio/client';
import type { Reachability } from '../dispatch/reachability';
import type { TemporalAddress } from '../workers/role';
import { createRetries } from './retries';
import { GRPC } from './temporal-errors';

export interface Clients {
  client: Client;
  /** Does not retry. */
  queries: Client;
  /** Retries, but not a race that is lost. */
  claims: Client;
  /** From now on a call that fails is not tried again. Resolves when no retry is to come. */
  endRetries(): Promise<void>;
  close(): Promise<void>;
}

/** Connects at the first call: the API serves, with 503, while the engine is away. */
export function openClients(
  { connectionOptions, namespace }: TemporalAddress,
  reachability: Reachability,
): Clients {
  const retries = createRetries(reachability);
  // A task with too many Updates in flight is a race that is lost, and the next candidate waits.
  const claimRetries = createRetries(reachability, [GRPC.resourceExhausted]);
  const connections = [
    Connection.lazy({ ...connectionOptions, interceptors: retries.interceptors }),
    Connection.lazy({ ...connectionOptions, interceptors: [] }),
    Connection.lazy({ ...connectionOptions, interceptors: claimRetries.interceptors }),
  ] as const;
  const [client, queries, claims] = connections.map(
    (connection) => new Client({ connection, namespace }),
  ) as [Client, Client, Client];
  return {
    client,
    queries,
    claims,
    async endRetries() {
      await Promise.all([retries.end(), claimRetries.end()]);
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

/** Three connections to one engine, because calls that must be quick wait behind nothing. */
import { Client, Connection } from '@temporalio/client';
import { claimInterceptors } from '../dispatch/claim-retry';
import type { TemporalAddress } from '../workers/role';

export interface Clients {
  client: Client;
  /** Does not retry. */
  queries: Client;
  /** Retries, but not a race that is lost. */
  claims: Client;
  close(): Promise<void>;
}

/** Connects at the first call: the API serves, with 503, while the engine is away. */
export function openClients({ connectionOptions, namespace }: TemporalAddress): Clients {
  const connections = [
    Connection.lazy(connectionOptions),
    Connection.lazy({ ...connectionOptions, interceptors: [] }),
    Connection.lazy({ ...connectionOptions, interceptors: claimInterceptors() }),
  ] as const;
  const [client, queries, claims] = connections.map(
    (connection) => new Client({ connection, namespace }),
  ) as [Client, Client, Client];
  return {
    client,
    queries,
    claims,
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

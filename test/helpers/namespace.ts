import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import type { TemporalAddress } from '../../workers/role';
import { registerSearchAttributes } from '../../workers/temporal/register-search-attributes';
import { sharedAddress } from './temporal-server';
import { waitUntil } from './wait-until';

export interface TestNamespace {
  temporal: TemporalAddress;
  address: string;
  namespace: string;
  connection: Connection;
  client: Client;
  /** Closes the connection; the namespace goes with the server. */
  close(): Promise<void>;
}

/** A fresh namespace with all search attributes: the board of one test file never sees tasks of another. */
export async function createNamespace(prefix = 'test'): Promise<TestNamespace> {
  const namespace = `${prefix}-${randomUUID().slice(0, 8)}`;
  const address = sharedAddress();
  const temporal: TemporalAddress = { address, connectionOptions: { address }, namespace, uiUrl: null };
  const connection = await Connection.connect({ address });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  await waitUntil(() => connection.operatorService.listSearchAttributes({ namespace }), {
    what: `namespace ${namespace} to be known`,
  });
  await registerSearchAttributes(temporal);
  const client = new Client({ connection, namespace });
  await waitUntil(() => historyKnows(client), { what: `namespace ${namespace} to be known to history` });
  return { temporal, address, namespace, connection, client, close: () => connection.close() };
}

/** Each service of the server learns of a namespace in its own time; history answers this call. */
async function historyKnows(client: Client): Promise<boolean> {
  return client.workflow
    .getHandle('none')
    .describe()
    .then(
      () => true,
      (error) => error instanceof WorkflowNotFoundError,
    );
}

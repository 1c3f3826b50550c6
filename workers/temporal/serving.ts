import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToNumber, msToTs, requiredTsToMs } from '@temporalio/common/lib/time';
import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes';
import type { TemporalConnectionOptions } from '../role';
import { listens } from './listens';

const POLL_MS = 50;
const CALL_MS = 5_000;

/** How long closed workflows stay readable on a server of our own. */
export const RETENTION_MS = msToNumber('30 days');

/**
 * Waits until the server answers for this namespace, with our search attributes in force: the last
 * to come up is the mapping of attributes, so a query that uses them is the proof.
 * @throws the last error, when `signal` aborts first
 */
export async function waitUntilServing(
  options: TemporalConnectionOptions,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  let last: unknown = new Error(`no answer from ${options.address}`);
  while (!signal.aborted) {
    try {
      // A channel that was refused once backs off for a second; a socket does not.
      await untilListening(options.address, signal);
      await withConnection(options, (connection) => probe(connection, namespace));
      return;
    } catch (error) {
      last = error;
    }
    await pause(POLL_MS);
  }
  throw last;
}

async function untilListening(address: string, signal: AbortSignal): Promise<void> {
  while (!(await listens(address))) await pause(POLL_MS, undefined, { signal });
}

/** A query that uses every attribute; fails while one of them is not known. */
export async function probe(connection: Connection, namespace: string): Promise<void> {
  const query = SEARCH_ATTRIBUTES.map(({ name }) => `${name} IS NULL`).join(' AND ');
  await connection.workflowService.countWorkflowExecutions({ namespace, query });
}

/** Raises the retention to 30 days; one that was set longer stays. */
export async function raiseRetention(options: TemporalConnectionOptions, namespace: string): Promise<void> {
  await withConnection(options, async (connection) => {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    const current = config?.workflowExecutionRetentionTtl;
    if (current && requiredTsToMs(current, 'retention') >= RETENTION_MS) return;
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(RETENTION_MS) },
    });
  });
}

/** One short-lived connection; every call on it has a deadline. */
export async function withConnection<T>(
  options: TemporalConnectionOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ ...options, connectTimeout: CALL_MS });
  try {
    return await connection.withDeadline(Date.now() + CALL_MS, () => use(connection));
  } finally {
    await connection.close();
  }
}

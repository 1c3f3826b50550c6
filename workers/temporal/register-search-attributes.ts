import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes';
import { hasCode } from '../error-code';
import type { TemporalAddress } from '../role';
import { ATTRIBUTE_TYPES, cliTypeName, nameOfIndexedValueType } from './attribute-types';
import { probe, withConnection } from './serving';

const POLL_MS = 100;
// A cluster's frontends refresh what they know of attributes once a minute.
const VISIBLE_MS = 90_000;

export class SearchAttributesError extends Error {
  override readonly name = 'SearchAttributesError';
  readonly code = 'search_attributes_missing';
}

/**
 * Makes our search attributes on a server that is already there, and waits until they are usable.
 * @throws SearchAttributesError that lists the ones to be made by hand, where we may not make them
 */
export async function registerSearchAttributes(
  { connectionOptions, namespace }: TemporalAddress,
  timeoutMs = VISIBLE_MS,
): Promise<void> {
  await withConnection(connectionOptions, (connection) => addMissing(connection, namespace));
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await withConnection(connectionOptions, (connection) => probe(connection, namespace));
    } catch (error) {
      if (Date.now() > giveUp) throw error;
    }
    await pause(POLL_MS);
  }
}

async function addMissing(connection: Connection, namespace: string): Promise<void> {
  const known = await knownAttributes(connection, namespace);
  const wrong = SEARCH_ATTRIBUTES.filter(
    ({ name, type }) => (known.get(name) ?? cliTypeName(type)) !== cliTypeName(type),
  );
  if (wrong.length > 0) {
    const each = wrong.map(
      ({ name, type }) => `${name} is ${known.get(name)}, expected ${cliTypeName(type)}`,
    );
    throw new SearchAttributesError(
      `namespace ${namespace} has search attributes of another type: ${each.join('; ')}`,
    );
  }
  const missing = SEARCH_ATTRIBUTES.filter(({ name }) => !known.has(name));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map(({ name, type }) => [name, ATTRIBUTE_TYPES[type].indexedValueType]),
      ),
    });
  } catch (error) {
    // Another process of ours was faster.
    if (/already exist/i.test(String(error))) return;
    const each = missing.map(({ name, type }) => `${name} (${cliTypeName(type)})`);
    throw new SearchAttributesError(
      `cannot add search attributes to namespace ${namespace}: ${String(error)}. Make these by hand: ${each.join(', ')}`,
      { cause: error },
    );
  }
}

/** By name, with the type as the command line calls it; none where we may not ask. */
async function knownAttributes(connection: Connection, namespace: string): Promise<Map<string, string>> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return new Map(
      Object.entries(customAttributes ?? {}).map(([name, type]) => [name, nameOfIndexedValueType(type)]),
    );
  } catch (error) {
    // Where listing is not permitted a query that uses them all still tells whether they are there.
    if (!isNotPermitted(error)) throw error;
    const allThere = await probe(connection, namespace).then(
      () => true,
      () => false,
    );
    return new Map(allThere ? SEARCH_ATTRIBUTES.map(({ name, type }) => [name, cliTypeName(type)]) : []);
  }
}

// gRPC status codes PERMISSION_DENIED and UNIMPLEMENTED.
const isNotPermitted = (error: unknown) => hasCode(error, 7) || hasCode(error, 12);

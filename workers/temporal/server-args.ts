import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes';
import { cliTypeName } from './attribute-types';

export interface ServerSettings {
  dbFile: string;
  namespace: string;
  port: number;
  /** null: no web UI. */
  uiPort: number | null;
  /** False gives up the last moments before a power failure; for tests. */
  durable: boolean;
}

const DYNAMIC_CONFIG: Record<string, string> = {
  // A new search attribute is usable at once, not after the cache's minute.
  'system.forceSearchAttributesCacheRefreshOnRead': 'true',
  // As on PostgreSQL, so that an id that works here works there.
  'limit.maxIDLength': '255',
};

/** Arguments of the `temporal` command for a server that keeps its data in one SQLite file. */
export function serverArgs(settings: ServerSettings): string[] {
  const { dbFile, namespace, port, uiPort, durable } = settings;
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(port)],
    ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...['--db-filename', dbFile],
    // Three times the throughput of the default journal; FULL keeps what was acknowledged.
    ...['--sqlite-pragma', 'journal_mode=wal'],
    ...['--sqlite-pragma', `synchronous=${durable ? 'full' : 'off'}`],
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
    ...SEARCH_ATTRIBUTES.flatMap((key) => ['--search-attribute', `${key.name}=${cliTypeName(key.type)}`]),
    ...Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
    ...['--log-level', 'warn', '--log-format', 'json'],
    // The user's settings for reaching other servers are no business of this one.
    ...['--disable-config-file', '--disable-config-env'],
  ];
}

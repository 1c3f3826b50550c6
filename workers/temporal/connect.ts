import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Environment } from '../config/environment';
import type { TemporalAddress } from '../role';
import { readServerRecord } from './server-record';

type TemporalEnvironment = Pick<Environment, 'temporalVariables'>;

// Any of these says that there is a server already; the others only say how to talk to one.
const NAMES_A_SERVER = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'];

export const DEFAULT_NAMESPACE = 'default';

/**
 * The server that the environment names (address, namespace, API key, TLS: the variables and the
 * file of @temporalio/envconfig); null when it names none, and the embedded one is to be used.
 */
export function externalTemporal({ temporalVariables }: TemporalEnvironment): TemporalAddress | null {
  if (!NAMES_A_SERVER.some((name) => name in temporalVariables)) return null;
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: temporalVariables });
  const { address, tls, metadata, apiKey } = connectionOptions;
  if (address === undefined) {
    throw new Error(
      'TEMPORAL_ADDRESS: expected host:port of a Temporal server; neither it nor the profile gives one',
    );
  }
  return {
    address,
    connectionOptions: { address, tls, metadata, apiKey },
    namespace: namespace ?? DEFAULT_NAMESPACE,
    uiUrl: null,
  };
}

/** The embedded server that another process runs, or ran, on this state directory; null when none ever did. */
export function embeddedTemporal(stateDir: string): TemporalAddress | null {
  const record = readServerRecord(stateDir);
  if (record === null) return null;
  const address = `127.0.0.1:${record.port}`;
  const uiUrl = record.ui_port === null ? null : `http://127.0.0.1:${record.ui_port}`;
  return { address, connectionOptions: { address }, namespace: record.namespace, uiUrl };
}

export const embeddedNamespace = ({ temporalVariables }: TemporalEnvironment) =>
  temporalVariables.TEMPORAL_NAMESPACE ?? DEFAULT_NAMESPACE;

import type { StateDir } from '../workers/config/state-dir';
import type { TemporalAddress } from '../workers/role';

export interface BannerFacts {
  /** Base of the API; null when this process does not serve it. */
  apiUrl: string | null;
  temporal: TemporalAddress;
  stateDir: StateDir;
}

/** What a person wants to know once it runs. */
export function banner(what: string, { apiUrl, temporal, stateDir }: BannerFacts): string {
  const token = stateDir.adminTokenFile ?? 'the value of SIGNALBOX_ADMIN_TOKEN';
  const rows: Array<[string, string | null]> = [
    ['API', apiUrl && `${apiUrl}/api/v1`],
    ['OpenAPI page', apiUrl && `${apiUrl}/api/v1/docs`],
    ['Admin token', apiUrl && token],
    ['Temporal UI', temporal.uiUrl],
    ['Temporal', `${temporal.address}, namespace ${temporal.namespace}`],
    ['State', stateDir.path],
  ];
  const lines = rows
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `  ${name.padEnd(14)}${value}`);
  return ['', `Signalbox is ready: ${what}.`, '', ...lines, '', 'Ctrl-C stops it.', ''].join('\n');
}

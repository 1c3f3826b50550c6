import type { Config } from '../../contracts/config';

/**
 * The config with these hosts only.
 * @throws Error that names the hosts there are, when one of them is not configured
 */
export function selectHosts(config: Config, ids: readonly string[] | null): Config {
  if (ids === null) return config;
  const unknown = ids.filter((id) => config.hosts[id] === undefined);
  if (unknown.length > 0) {
    const known = Object.keys(config.hosts).join(', ') || 'none';
    throw new Error(`--host: expected a host of the config file (${known}), got ${unknown.join(', ')}`);
  }
  const chosen = new Set(ids);
  return {
    ...config,
    hosts: Object.fromEntries(Object.entries(config.hosts).filter(([id]) => chosen.has(id))),
  };
}

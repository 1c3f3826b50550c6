import { parseFields } from './fields';
import type { Host } from './host';
import { probeScript } from './scripts/probe-sh';

/** In milliseconds. Longer than it takes to connect by default, so that the reason is told; a hanging host is noticed by then. */
export const PROBE_TIMEOUT_MS = 12_000;

/** What a host is like, as it was seen. */
export interface HostProbe {
  at: number;
  /** System, release and machine, as `uname` says. */
  os: string | null;
  /** Tools that the launcher needs, and directories that it cannot write to. */
  missing: string[];
  /** Where runs or work directories go, whichever has less. null when it could not be told. */
  free_disk_bytes: number | null;
  /** Slots taken, by whichever worker. */
  running: number;
}

/** One look. Rejects with a failure of `failures.ts` when the host could not be reached. */
export async function probeHost(host: Host, signal?: AbortSignal): Promise<HostProbe> {
  const options = { urgent: true, timeout_ms: PROBE_TIMEOUT_MS, signal };
  const paths = await host.resolve(options);
  const { fields } = parseFields((await host.run(probeScript(paths), options)).stdout);
  const free = [fields.get('free_run'), fields.get('free_work')].filter((text) => /^\d+$/.test(text ?? ''));
  const blocked = list(fields.get('blocked')).map((directory) => `write access to ${directory}`);
  return {
    at: Date.now(),
    os: fields.get('os') || null,
    missing: [...list(fields.get('missing')), ...blocked],
    free_disk_bytes: free.length === 0 ? null : Math.min(...free.map(Number)) * 1_024,
    running: Number(fields.get('places') ?? 0),
  };
}

const list = (text = '') => text.split(' ').filter((word) => word !== '');

/** Hosts as the API shows them. */
import type { HolderView, HostView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { admissionOf } from './admission';
import { holderView } from './holder-profile';

/** @param held number of tasks that the host holds, also those which the caller may not see */
export function hostView(host: KnownHolder, holds: HolderView['holds'], held: number, now: number): HostView {
  const { presence, health, beat, cordon = null } = host;
  const reachable = presence === 'online';
  const running = reachable ? (beat?.running ?? held) : held;
  return {
    ...holderView(host, holds),
    reachable,
    failure: reachable ? null : (health?.failure ?? null),
    os: health?.os ?? null,
    missing: health?.missing ?? [],
    templates: health?.templates ?? {},
    free_disk_bytes: beat?.free_disk_bytes ?? null,
    running,
    admission: admissionOf({ cordon }, Math.max(running, held), now),
    cordoned: cordon !== null,
    last_probe_at: beat === null ? null : new Date(beat.at).toISOString(),
  };
}

/** Whether a holder is let in to new work, and what it is told. */

import type { Admission } from '../contracts/holder';
import type { Directive } from '../contracts/lease';
import type { KnownHolder } from '../dispatch/directory';

/** Who serves a holder hears of a cordon within one look; a claim that was under way by then is in the index as well. */
const SETTLED_MS = 10_000;

/** @param running what the holder has, also what the caller may not see */
export function admissionOf(
  { cordon = null, killed = null }: Pick<KnownHolder, 'cordon' | 'killed'>,
  running: number,
  now: number,
): Admission {
  if (killed) return 'killed';
  if (!cordon) return 'open';
  if (!cordon.draining) return 'cordoned';
  return running === 0 && now - cordon.at > SETTLED_MS ? 'drained' : 'draining';
}

/** Of a holder that is not known: go on. */
export function directiveTo(holder: Pick<KnownHolder, 'cordon' | 'killed'> | null): Directive {
  if (holder?.killed) return 'terminate';
  return holder?.cordon ? 'quiet' : 'continue';
}

/** Whether a holder is let in to new work, and what it is told. */
import type { Admission } from '../contracts/holder';
import type { HolderRef } from '../contracts/task';
import type { KnownHolder } from '../dispatch/directory';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';

/** Who serves a holder hears of a cordon within one look; a claim that was under way by then is in the index as well. */
const SETTLED_MS = 10_000;

export type Directive = 'continue' | 'quiet' | 'terminate';
/** On answers that have no body of their own for it. */
export const DIRECTIVE_HEADER = 'signalbox-directive';

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
export function directiveOf(holder: Pick<KnownHolder, 'cordon' | 'killed'> | null): Directive {
  if (holder?.killed) return 'terminate';
  return holder?.cordon ? 'quiet' : 'continue';
}

/** Up to two seconds old. Rejects when the engine is away. */
export const directiveFor = async (
  { client, directory }: Pick<ApiContext, 'client' | 'directory'>,
  id: HolderRef,
) => directiveOf(await within(client, ENGINE_MS, () => directory.lately(id)));

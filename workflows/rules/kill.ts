/** A kill of a holder: when it is done, and when to look again. Pure. */
import type { Fenced, HolderState, Kill, KillOrder } from '../holder/types';

/**
 * A claim sent before the kill may still be granted after it: a process of the API remembers for 2 s that the holder
 * is let in, a claim may take 5 s, and the index lags behind. Later than this, nothing can come.
 */
export const SETTLE_MS = 10_000;
/** The second shows what the index did not show to the first; the others, what was granted in between. */
const SWEEPS_AT_MS = [0, 500, 2_000, 5_000, SETTLE_MS];
const AGAIN_MS = 2_000;
const MAX_FENCED = 100;

/** Tokens given out before are refused from now on. A second kill begins anew. */
export function kill(state: HolderState, { id, by, reason }: KillOrder, now: number): HolderState {
  if (state.killed?.id === id) return state;
  const fenced = state.killed?.settled === false ? state.killed.fenced : [];
  const killed: Kill = { id, by, reason, at: now, fenced, sweeps: 0, swept_at: null, settled: false };
  return { ...state, generation: state.generation + 1, killed };
}

/** @param begunAt of the sweep that found this */
export function swept(state: HolderState, killId: string, found: Fenced[], begunAt: number): HolderState {
  const { killed } = state;
  if (killed?.id !== killId || killed.settled) return state;
  const known = new Set(killed.fenced.map(keyOf));
  const fenced = [...killed.fenced, ...found.filter((one) => !known.has(keyOf(one)))].slice(-MAX_FENCED);
  const settled = found.length === 0 && begunAt >= killed.at + SETTLE_MS;
  return { ...state, killed: { ...killed, fenced, sweeps: killed.sweeps + 1, swept_at: begunAt, settled } };
}

const keyOf = ({ task_id, epoch }: Fenced) => `${epoch}/${task_id}`;

/** In milliseconds since 1970; null when none is needed. */
export function nextSweepAt({ killed }: HolderState): number | null {
  if (!killed || killed.settled) return null;
  const planned = SWEEPS_AT_MS[killed.sweeps];
  return planned === undefined ? (killed.swept_at ?? killed.at) + AGAIN_MS : killed.at + planned;
}

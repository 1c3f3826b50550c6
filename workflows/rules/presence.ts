/** What a holder's messages change. Pure. */
import type { HolderProfile, HolderState } from '../holder/types';

export function register(state: HolderState | null, profile: HolderProfile, now: number): HolderState {
  if (!state) return { profile, presence: 'online', n: 1, registered_at: now, generation: 0 };
  return seen({ ...state, profile });
}

/** Heard of again: a new presence activity is needed unless one is running. */
export function seen(state: HolderState): HolderState {
  return state.presence === 'online' ? state : { ...state, presence: 'online', n: state.n + 1 };
}

/** The presence activity `n` ended without a heartbeat in time. */
export function away(state: HolderState, n: number): HolderState {
  return state.n === n ? { ...state, presence: 'offline' } : state;
}

export function revokeTokens(state: HolderState): HolderState {
  return { ...state, generation: state.generation + 1 };
}

/** What a holder's messages change. Pure. */
import type { AdmissionOrder, HolderProfile, HolderState, HostHealth } from '../holder/types';

export function register(state: HolderState | null, profile: HolderProfile, now: number): HolderState {
  const fresh = { profile, registered_at: now, generation: 0 };
  if (profile.probed) return state ? { ...state, profile } : { ...fresh, presence: 'offline', n: 0 };
  return state ? seen({ ...state, profile }) : { ...fresh, presence: 'online', n: 1 };
}

/** Heard of again: a new presence activity is needed unless one is running. */
export function seen(state: HolderState): HolderState {
  return state.presence === 'online' ? state : { ...state, presence: 'online', n: state.n + 1 };
}

/** The presence activity `n` ended without a heartbeat in time. */
export function away(state: HolderState, n: number): HolderState {
  return state.n === n ? { ...state, presence: 'offline' } : state;
}

/** What a host worker saw of its host. */
export function report(state: HolderState, health: HostHealth): HolderState {
  return { ...state, health };
}

/** Draining goes further than a cordon; what was ordered first keeps its time when nothing changes. */
export function admit(state: HolderState, { order, by, reason }: AdmissionOrder, now: number): HolderState {
  const { cordon = null, ...rest } = state;
  if (order === 'uncordon') return cordon === null ? state : { ...rest, cordon: null };
  const draining = order === 'drain';
  return cordon?.draining === draining ? state : { ...rest, cordon: { draining, by, reason, at: now } };
}

export function revokeTokens(state: HolderState): HolderState {
  return { ...state, generation: state.generation + 1 };
}

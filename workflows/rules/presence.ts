/** What a holder's messages change. Pure. */
import type { AdmissionOrder, AgentBeat, HolderProfile, HolderState, HostHealth } from '../holder/types';

export function register(
  state: HolderState | null,
  profile: HolderProfile,
  now: number,
  said?: AgentBeat,
): HolderState {
  const fresh = { profile, registered_at: now, generation: 0, ...(said && { said }) };
  if (profile.probed) return state ? { ...state, profile } : { ...fresh, presence: 'offline', n: 0 };
  if (!state) return { ...fresh, presence: 'online', n: 1 };
  return seen({ ...state, profile, ...(said && { said }) });
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
  const { cordon = null, killed = null, ...rest } = state;
  if (order === 'uncordon') {
    // What a kill has not caught yet must not be let in again.
    if (killed && !killed.settled) return state;
    return cordon === null && killed === null
      ? state
      : { ...rest, cordon: null, ...(killed && { killed: null }) };
  }
  const draining = order === 'drain';
  return cordon?.draining === draining ? state : { ...state, cordon: { draining, by, reason, at: now } };
}

export function revokeTokens(state: HolderState): HolderState {
  return { ...state, generation: state.generation + 1 };
}

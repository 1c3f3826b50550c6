import type { HolderKind } from '../../contracts/holder';

export interface HolderProfile {
  kind: HolderKind;
  id: string;
  capabilities: string[];
  slots: number;
  version: string | null;
  product: string | null;
  /** Unheard of for this long: offline. In milliseconds. */
  presence_ms: number;
}

export interface HolderState {
  profile: HolderProfile;
  presence: 'online' | 'offline';
  /** Number of the presence activity in force. */
  n: number;
  registered_at: number;
  /** Tokens of an older generation are refused. */
  generation: number;
}

/** Kept in the memo under `holder`, so that a reader needs no worker. */
export type HolderMemo = HolderState;
export type HolderReport = HolderState;

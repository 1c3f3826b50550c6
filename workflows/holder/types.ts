import type { HolderKind, TemplateHealth } from '../../contracts/holder';
import type { Failure } from '../../contracts/task';

export interface HolderProfile {
  kind: HolderKind;
  id: string;
  capabilities: string[];
  slots: number;
  version: string | null;
  product: string | null;
  /** Unheard of for this long: offline. In milliseconds. */
  presence_ms: number;
  /** Heard of only when it was reached: a host, whose registration is its worker's word. */
  probed?: true;
}

export interface HolderState {
  profile: HolderProfile;
  presence: 'online' | 'offline';
  /** Number of the presence activity in force. */
  n: number;
  registered_at: number;
  /** Tokens of an older generation are refused. */
  generation: number;
  /** Of a host, as its worker saw it last; absent before that. */
  health?: HostHealth;
  /** Set while the host is to take nothing new. */
  cordon?: Cordon | null;
}

/** What is told only when it has changed; what changes all the time rides on the heartbeats of the presence. */
export interface HostHealth {
  os: string | null;
  missing: string[];
  templates: Record<string, TemplateHealth>;
  /** Why it could not be reached; null: it could. */
  failure: Failure | null;
}

/** Details of a heartbeat of a host's presence. */
export interface HostBeat {
  at: number;
  free_disk_bytes: number | null;
  /** Slots taken on the host, by whichever worker. */
  running: number;
}

export interface Cordon {
  draining: boolean;
  by: string;
  reason: string | null;
  at: number;
}

export interface AdmissionOrder {
  order: 'cordon' | 'uncordon' | 'drain';
  by: string;
  reason: string | null;
}

/** Kept in the memo under `holder`, so that a reader needs no worker. */
export type HolderMemo = HolderState;
export type HolderReport = HolderState;

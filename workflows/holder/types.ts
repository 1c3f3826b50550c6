import type { AgentHealth, HolderKind, TemplateHealth } from '../../contracts/holder';
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
  /** Set while the holder is to take nothing new. */
  cordon?: Cordon | null;
  /** Set from a kill until the holder is let in again. */
  killed?: Kill | null;
  /** Of an agent: what it said when it registered. What it says later is in its heartbeats. */
  said?: AgentBeat;
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

/** Details of a heartbeat of an agent's presence: what it says of itself. */
export interface AgentBeat {
  at: number;
  health: AgentHealth | null;
  /** 0 to 1. */
  load: number | null;
}

export interface Kill {
  /** Of the order. */
  id: string;
  by: string;
  reason: string | null;
  at: number;
  /** What was taken from the holder; the latest are kept. */
  fenced: Fenced[];
  sweeps: number;
  swept_at: number | null;
  /** Nothing more can come: no claim sent before the kill can be granted any more, and nothing is held. */
  settled: boolean;
}

/** One attempt that was fenced; epoch null: the task was assigned, and not taken up yet. */
export interface Fenced {
  task_id: string;
  epoch: number | null;
}

export interface KillOrder {
  id: string;
  by: string;
  reason: string | null;
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

export type HolderReport = HolderState;

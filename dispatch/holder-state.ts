/** A holder as its workflow shows it to readers that need no worker: memo and pending activities. */
import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { AgentBeat, HolderState, HostBeat } from '../workflows/holder/types';
import { presenceActivityId } from '../workflows/names';

/** Beside the state: when the holder was last heard of, in milliseconds since 1970; null when not known. */
export type KnownHolder = HolderState & {
  last_seen_at: number | null;
  /** Of a host that is there: what its worker said last. */
  beat: HostBeat | null;
};

/** null when the workflow has not written its memo yet. */
export function holderFromMemo(info: Pick<WorkflowExecutionInfo, 'memo'>): KnownHolder | null {
  const state = info.memo?.holder as HolderState | undefined;
  return state ? { ...state, last_seen_at: null, beat: null } : null;
}

/** More exact than the memo: the heartbeats of the presence activity say when the holder was last heard of. */
export function holderFromDescription(
  description: Pick<WorkflowExecutionDescription, 'memo' | 'raw'>,
  now: number,
): KnownHolder | null {
  const state = holderFromMemo(description);
  if (!state) return null;
  const activityId = presenceActivityId(state.n);
  const activity = description.raw.pendingActivities?.find((pending) => pending.activityId === activityId);
  if (!activity) return state;
  const seen = millis(activity.lastHeartbeatTime) ?? millis(activity.lastStartedTime);
  if (seen === null) return state;
  const presence = now - seen < state.profile.presence_ms ? 'online' : 'offline';
  const details = detailsOf(activity.heartbeatDetails?.payloads);
  const beat = details && 'running' in details ? (details as HostBeat) : null;
  const heard = details && 'health' in details ? (details as AgentBeat) : null;
  // It may have registered again since that heartbeat.
  const said = heard && heard.at >= (state.said?.at ?? 0) ? { said: heard } : {};
  return { ...state, presence, last_seen_at: seen, beat, ...said };
}

function detailsOf(payloads: Payload[] | null | undefined): object | null {
  const payload = payloads?.[0];
  const details: unknown = payload ? defaultPayloadConverter.fromPayload(payload) : null;
  return typeof details === 'object' ? details : null;
}

interface Timestamp {
  seconds?: { toNumber(): number } | null;
  nanos?: number | null;
}

function millis(time: Timestamp | null | undefined): number | null {
  if (!time?.seconds) return null;
  return time.seconds.toNumber() * 1_000 + Math.floor((time.nanos ?? 0) / 1_000_000);
}

/** The stages inside `running`, for holders that report them. */
import type { RunStage } from '../../contracts/task';
import type { StatusMessage } from '../task/message-types';
import type { Outcome, TaskState } from '../task/types';
import { note } from './state';

/** Forward, with leaps, because a report may be lost; back only to building. What is blocked goes on anywhere. */
const NEXT: Record<RunStage, readonly RunStage[]> = {
  building: ['review', 'testing', 'blocked'],
  review: ['building', 'testing', 'blocked'],
  testing: ['building', 'blocked'],
  blocked: ['building', 'review', 'testing'],
};

export const mayReach = (from: RunStage | null, to: RunStage) =>
  from === null || from === to || NEXT[from].includes(to);

/** Why the stage is refused, or null. */
export function checkStage({ lease }: TaskState, { stage }: StatusMessage): Outcome | null {
  const from = lease?.stage ?? null;
  if (stage === undefined || mayReach(from, stage)) return null;
  return { code: 'illegal_stage', message: `${stage} cannot follow ${from}` };
}

/** A message that says nothing new leaves the state as it is. */
export function atStage(state: TaskState, { stage, checkpoint }: StatusMessage, now: number): TaskState {
  const known = state.checkpoint;
  const differs =
    (checkpoint?.branch !== undefined && checkpoint.branch !== known?.branch) ||
    (checkpoint?.commit !== undefined && checkpoint.commit !== known?.commit);
  const kept =
    checkpoint && differs ? { ...state, checkpoint: { ...known, ...checkpoint }, checkpoint_at: now } : state;
  if (stage === undefined || !kept.lease || kept.lease.stage === stage) return kept;
  return note({ ...kept, lease: { ...kept.lease, stage } }, now, 'stage', stage);
}

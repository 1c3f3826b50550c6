/** Which track a task takes, and who may take it. */
import type { ExecutionMode, HolderRef } from '../../contracts/task';
import type { Rejection } from '../messages';
import { isHost } from '../names';
import { isCapable } from './match';

export interface ClaimableTask {
  execution_mode: ExecutionMode;
  /** As asked for at creation. */
  origin_mode: ExecutionMode;
  labels: readonly string[];
  /** The coordinator's choice, until it is taken up or lapses. */
  assigned: HolderRef | null;
  /** They wrote what the task is to judge. */
  not_by?: readonly HolderRef[];
}

export interface Claimer {
  holder: HolderRef;
  capabilities: readonly string[];
}

/** A host works over SSH (or on the local machine), an agent pulls. */
export function modeOf(holder: HolderRef): Exclude<ExecutionMode, 'undecided'> {
  return isHost(holder) ? 'ssh_cli' : 'http_pull';
}

/** The mode at creation: without any capable host only pull is left. */
export function initialMode(asked: ExecutionMode, noCapableHost: boolean): ExecutionMode {
  return asked === 'undecided' && noCapableHost ? 'http_pull' : asked;
}

/**
 * May this holder take this task? null: yes.
 * An assignment overrides mode and capabilities: the coordinator has chosen, for that holder alone. Nobody reviews what
 * they wrote, assigned or not.
 */
export function mayClaim(task: ClaimableTask, claimer: Claimer): Rejection | null {
  if (task.not_by?.includes(claimer.holder)) return 'wrote_it';
  if (task.assigned !== null) return task.assigned === claimer.holder ? null : 'assigned_to_other';
  const wanted = task.origin_mode === 'undecided' ? task.execution_mode : task.origin_mode;
  if (wanted !== 'undecided' && wanted !== modeOf(claimer.holder)) return 'wrong_mode';
  return isCapable(claimer.capabilities, task.labels) ? null : 'not_capable';
}

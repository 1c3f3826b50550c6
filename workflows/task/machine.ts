import type { TaskState } from './types';

/** The one owner of the state: effects and handlers change it only by handing in a rule. */
export interface Machine {
  readonly state: TaskState;
  apply(rule: (state: TaskState, now: number) => TaskState): void;
}

/**
 * entry   a claimable task, as far as the board needs to know it
 * shape   what decides who may take an entry; entries of one shape share a bucket
 * seeker  whoever looks for an entry: an agent's long poll or a dispatcher
 */
import type { ExecutionMode, HolderRef } from '../contracts/task';
import { mayClaim } from '../workflows/rules/decide';
import { requiredCapabilities } from '../workflows/rules/match';
import type { Beginning } from './beginning';

export interface BoardEntry {
  taskId: string;
  labels: string[];
  /** 1 is the highest, 10 the lowest. */
  priority: number;
  mode: ExecutionMode;
  /** Milliseconds since 1970. */
  claimableSince: number;
  assignedTo: HolderRef | null;
  product: string;
  /** null: that of the host. Left out: not known, so only the claim can tell. */
  template?: string | null;
  /** They wrote what the task is to judge. */
  notBy?: readonly HolderRef[];
  /** Of a task that starts with its first claim. */
  beginning?: Beginning;
}

export interface Shape {
  mode: ExecutionMode;
  required: string[];
  assignedTo: HolderRef | null;
  product: string;
  template?: string | null;
  notBy?: readonly HolderRef[];
}

export interface Seeker {
  accepts(shape: Shape): boolean;
  /** Taken before any other, whatever its priority: what was assigned to the seeker. */
  prefers(shape: Shape): boolean;
}

export interface Want {
  holder: HolderRef;
  capabilities: string[];
  /** null: any product. */
  product: string | null;
}

export function shapeOf(entry: BoardEntry): Shape {
  return {
    mode: entry.mode,
    required: requiredCapabilities(entry.labels),
    assignedTo: entry.assignedTo,
    product: entry.product,
    template: entry.template,
    notBy: entry.notBy,
  };
}

export function shapeKey(shape: Shape): string {
  const template = shape.template === undefined ? [] : [shape.template];
  const notBy = shape.notBy === undefined ? [] : [shape.notBy];
  return JSON.stringify([shape.mode, shape.product, shape.assignedTo, template, notBy, ...shape.required]);
}

export function seekerFor(want: Want): Seeker {
  return {
    accepts: (shape) =>
      (want.product === null || want.product === shape.product) &&
      mayClaim(
        {
          execution_mode: shape.mode,
          origin_mode: shape.mode,
          labels: shape.required,
          assigned: shape.assignedTo,
          not_by: shape.notBy,
        },
        want,
      ) === null,
    prefers: (shape) => shape.assignedTo === want.holder,
  };
}

/** Negative when `a` goes first: priority, then age, then id, so that the order is total. */
export function compareEntries(a: BoardEntry, b: BoardEntry): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.claimableSince !== b.claimableSince) return a.claimableSince - b.claimableSince;
  return a.taskId < b.taskId ? -1 : a.taskId > b.taskId ? 1 : 0;
}

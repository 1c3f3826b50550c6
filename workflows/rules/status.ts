/** The life of a task as data: which status may follow which. */
import type { TaskStatus } from '../../contracts/task';

const NEXT: Record<TaskStatus, readonly TaskStatus[]> = {
  // To `running`: a holder whose lease had lapsed came back before anybody else took the task.
  created: ['assigned', 'running', 'completed', 'failed', 'cancelled', 'review_pending'],
  assigned: ['created', 'running', 'review_pending', 'completed', 'failed', 'cancelled'],
  running: ['created', 'assigned', 'review_pending', 'completed', 'failed', 'cancelled'],
  review_pending: ['created', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export const mayFollow = (from: TaskStatus, to: TaskStatus) => from === to || NEXT[from].includes(to);

export const isTerminal = (status: TaskStatus) => NEXT[status].length === 0;

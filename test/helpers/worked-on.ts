import type { TaskView } from '../../contracts/task';

/**
 * The attempts in which somebody worked. Where a machine is short of time a claim may get no answer within its
 * limit: it is given up, charged to nobody, and leaves an attempt that never was.
 */
export const workedOn = ({ attempts }: Pick<TaskView, 'attempts'>) =>
  attempts.filter(({ outcome }) => outcome !== 'claim given up');

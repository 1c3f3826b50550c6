/** What became of a message → what the caller hears. */
import type { TaskAnswer } from '../contracts/api';
import type { TaskView } from '../contracts/task';
import type { Outcome, OutcomeCode } from '../workflows/task/types';
import { ApiProblem } from './problems';

const STATUS: Record<OutcomeCode, number> = {
  accepted: 200,
  ok: 200,
  stale_epoch: 409,
  closed: 410,
  not_holder: 403,
  managed_by_orchestrator: 409,
  wrong_status: 409,
  illegal_stage: 422,
};

/** The task in its new state, or the problem that the refusal is. */
export function viewOrThrow(outcome: Outcome, view: TaskView | null): TaskAnswer {
  const status = STATUS[outcome.code];
  if (status === 200 && view) return view;
  throw new ApiProblem(status === 200 ? 410 : status, outcome.code, outcome.message, {
    members: {
      ...(outcome.quarantine_id !== undefined && { quarantine_id: outcome.quarantine_id }),
      ...(view && { task_status: view.status, current_epoch: view.epoch }),
    },
  });
}

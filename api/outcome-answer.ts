/** What became of a message → what the caller hears. */
import type { TaskAnswer } from '../contracts/api';
import type { TaskView } from '../contracts/task';
import type { Outcome, OutcomeCode } from '../workflows/task/types';
import { ApiProblem } from './problems';

/** To a holder, 409 says that its epoch is over, and nothing else; `wrong_status` is for people. */
const ANSWERS: Record<OutcomeCode, [status: number, code: string]> = {
  accepted: [200, 'accepted'],
  ok: [200, 'ok'],
  stale_epoch: [409, 'stale_epoch'],
  closed: [410, 'closed'],
  not_holder: [423, 'held_by_other'],
  managed_by_orchestrator: [423, 'managed_by_orchestrator'],
  wrong_status: [409, 'wrong_status'],
};

/** The task in its new state, or the problem that the refusal is. */
export function viewOrThrow(outcome: Outcome, view: TaskView | null): TaskAnswer {
  const [status, code] = ANSWERS[outcome.code];
  if (status === 200 && view) return view;
  throw new ApiProblem(status === 200 ? 410 : status, code, outcome.message, {
    members: {
      ...(outcome.quarantine_id !== undefined && { quarantine_id: outcome.quarantine_id }),
      ...(view && { task_status: view.status, current_epoch: view.epoch }),
    },
  });
}

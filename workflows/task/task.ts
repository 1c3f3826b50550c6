/** The task workflow: wiring only. Every decision is a rule in ../rules. */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { isHost, leaseActivityId } from '../names';
import { applyDue, nextDeadline } from '../rules/deadlines';
import { dropLock } from '../rules/lock';
import { countReport, isTold } from '../rules/report';
import { cancel, reviewInTime } from '../rules/review';
import { initialState } from '../rules/state';
import { isTerminal } from '../rules/status';
import { sentence, taskReport } from '../rules/view';
import { createAlarm } from './alarm';
import { createAttributes } from './attributes';
import { setHandlers } from './handlers';
import { holdLease } from './hold-lease';
import { holdLock } from './hold-lock';
import { runOnHost } from './host-run';
import { createKeeper } from './keeper';
import type { Machine } from './machine';
import { quarantineReceipt } from './quarantine-receipt';
import { stopRun } from './stop-run';
import { tellReport } from './tell-report';
import type { Lease, QuarantineItem, Stop, TaskArgs, TaskLock, TaskReport, TaskState } from './types';

export async function task({ input, carried }: TaskArgs): Promise<TaskReport> {
  let state = carried ?? initialState(input, workflowInfo().firstExecutionRunId);
  let end = endOf(state);
  // The creator, or the run before this one, has told the index all of this.
  const attributes = createAttributes(state);
  const machine: Machine = {
    get state() {
      return state;
    },
    apply(rule) {
      const next = rule(state, Date.now());
      if (next === state) return;
      state = next;
      react();
    },
  };
  // Somebody who presses Cancel in the Temporal UI means the task: its end must not be cancelled half way.
  const shield = new CancellationScope({ cancellable: false });
  const alarm = createAlarm(shield, () => react());
  const leases = createKeeper<Lease>(
    shield,
    (l) => leaseActivityId(l.epoch, l.n),
    (l) => holdLease(l, machine),
  );
  const runs = createKeeper<Lease>(
    shield,
    (l) => `run-${l.epoch}`,
    (l) => runOnHost(l, machine),
  );
  const locks = createKeeper<TaskLock>(
    shield,
    (l) => l.key,
    (l) => holdLock(l, machine),
  );
  const stops = createKeeper<Stop>(
    shield,
    (s) => s.attempt_id,
    (s) => stopRun(s, machine),
  );
  const quarantines = createKeeper<QuarantineItem>(
    shield,
    (q) => q.id,
    (q) => quarantineReceipt(q, machine),
  );

  const reports = createKeeper<'report'>(
    shield,
    (key) => key,
    () => tellReport(machine),
  );

  /**
   * Everything that follows from the state, at once: the commands of a message come in the same call as the message.
   * Left to a loop that wakes up later, their place among the commands depends on how the server packs messages
   * into activations, which is not the same when a history is replayed (docs/decisions/0005).
   */
  function react() {
    state = dropLock(reviewInTime(applyDue(state, Date.now(), Math.random()), Date.now()));
    state = countReport(state);
    attributes.publish(state);
    setCurrentDetails(sentence(state));
    end = endOf(state);
    const held = state.lease && state.lease.lapsed_at === null ? [state.lease] : [];
    locks.sync(state.lock ? [state.lock] : []);
    leases.sync(held.filter((l) => !isHost(l.holder)));
    runs.sync(held.filter((l) => isHost(l.holder)));
    stops.sync(state.stops);
    quarantines.sync(state.quarantine);
    reports.sync(isTold(state) ? [] : ['report']);
    const deadline = end === null ? nextDeadline(state) : null;
    if (end !== null) alarm.clear();
    alarm.set(deadline?.at ?? null, deadline?.kind ?? '');
  }

  react();
  setHandlers(machine);
  onCancelRequest(machine);
  return shield.run(async () => {
    await condition(() => end !== null && allHandlersFinished());
    if (end === 'continued') return continueAsNew<typeof task>({ input: state.input, carried: state });
    return finish(state);
  });
}

/** How this run of the workflow ends now. Continue-as-new is for the time between attempts: no activity survives it. */
function endOf(state: TaskState): 'finished' | 'continued' | null {
  if (state.stops.length > 0 || state.quarantine.length > 0 || !isTold(state)) return null;
  if (isTerminal(state.status)) return 'finished';
  return state.lease === null && historyIsLong(state) ? 'continued' : null;
}

function historyIsLong({ input }: TaskState): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return (
    continueAsNewSuggested || (input.max_history_events !== null && historyLength > input.max_history_events)
  );
}

function onCancelRequest(machine: Machine) {
  CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
    const message = { message_id: 'temporal-cancel', reason: 'requested in Temporal', by: 'operator' };
    machine.apply((state, now) => cancel(state, message, now).state);
  });
}

/** A failed task is a failed workflow, so that the Temporal UI shows it as one; the report rides along. */
function finish(state: TaskState): TaskReport {
  const report = taskReport(state);
  if (state.status !== 'failed') return report;
  throw ApplicationFailure.create({
    message: state.reason?.code ?? 'failed',
    type: 'TaskFailed',
    nonRetryable: true,
    details: [report],
  });
}

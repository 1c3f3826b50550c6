import { setHandler } from '@temporalio/workflow';
import {
  assignUpdate,
  cancelSignal,
  checkpointSignal,
  claimUpdate,
  completeSignal,
  editSignal,
  forgeSignal,
  lockFreedSignal,
  outcomeQuery,
  type Rejection,
  releaseSignal,
  renewUpdate,
  reviewSignal,
  revokeSignal,
  statusSignal,
  taskQuery,
  voidClaimSignal,
} from '../messages';
import { assign, checkAssign, checkClaim, grant, grantOf, isRepeat, voidClaim } from '../rules/claim';
import { edit } from '../rules/edit';
import { checkRenew, keepCheckpoint, rearm, renewalOf } from '../rules/lease';
import { lockFreed, needsLock } from '../rules/lock';
import { hearForge } from '../rules/pull';
import { complete, release, reportStatus, type Step } from '../rules/receipt';
import { cancel, review } from '../rules/review';
import { revokeHolder } from '../rules/revoke-holder';
import { outcomeOf, remember } from '../rules/state';
import { taskReport, taskView } from '../rules/view';
import { claimWithLock } from './hold-lock';
import type { Machine } from './machine';
import { refusal } from './refusal';
import type { TaskState } from './types';

function refuse(rejection: Rejection | null) {
  if (rejection) throw refusal(rejection);
}

/** Wires every message to its rule. No handler waits, so each is atomic; but for the claim of a task with a lock. */
export function setHandlers(machine: Machine) {
  /** A client that retries `signal()` sends a second signal: the second of one id changes nothing. */
  const once = (id: string, rule: (state: TaskState, now: number) => Step) =>
    machine.apply((state, now) => {
      if (outcomeOf(state, id)) return state;
      const step = rule(state, now);
      return remember(step.state, id, step.outcome);
    });

  setHandler(completeSignal, (m) =>
    once(m.message_id, (state, now) => complete(state, m, now, Math.random())),
  );
  setHandler(statusSignal, (m) =>
    once(m.message_id, (state, now) => reportStatus(state, m, now, Math.random())),
  );
  setHandler(checkpointSignal, (m) => machine.apply((state) => keepCheckpoint(state, m)));
  setHandler(releaseSignal, (m) => once(m.message_id, (state, now) => release(state, m, now)));
  setHandler(reviewSignal, (m) => once(m.message_id, (state, now) => review(state, m, now)));
  setHandler(cancelSignal, (m) => once(m.message_id, (state, now) => cancel(state, m, now)));
  setHandler(forgeSignal, (m) => once(m.message_id, (state, now) => hearForge(state, m, now)));
  setHandler(editSignal, (m) => once(m.message_id, (state, now) => edit(state, m, now)));
  setHandler(revokeSignal, (m) => once(m.message_id, (state, now) => revokeHolder(state, m, now)));
  setHandler(lockFreedSignal, () => machine.apply(lockFreed));
  setHandler(voidClaimSignal, (m) => machine.apply((state, now) => voidClaim(state, m, now)));

  // After the signals, as the server orders them: what waits for its handler is dispatched as each is set.
  setHandler(
    claimUpdate,
    (claim) => {
      if (isRepeat(machine.state, claim)) return grantOf(machine.state);
      if (needsLock(machine.state)) return claimWithLock(claim, machine);
      machine.apply((state, now) => grant(state, claim, now));
      return grantOf(machine.state);
    },
    {
      validator: (claim) => refuse(checkClaim(machine.state, claim, Date.now())),
    },
  );
  setHandler(assignUpdate, (request) => machine.apply((state, now) => assign(state, request, now)), {
    validator: (request) => refuse(checkAssign(machine.state, request, Date.now())),
  });
  setHandler(
    renewUpdate,
    () => {
      machine.apply(rearm);
      return renewalOf(machine.state);
    },
    { validator: (request) => refuse(checkRenew(machine.state, request, Date.now())) },
  );

  setHandler(taskQuery, () => taskReport(machine.state));
  setHandler(outcomeQuery, (id) => {
    const outcome = outcomeOf(machine.state, id);
    return outcome ? { outcome, task: taskView(machine.state) } : null;
  });
}

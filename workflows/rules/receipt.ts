/** What becomes of a message from a holder: receipt, status, release. */
import type { Receipt } from '../../contracts/receipt';
import { isHost, quarantineWorkflowId } from '../names';
import type { CompleteMessage, ReleaseMessage, StatusMessage } from '../task/message-types';
import type { Outcome, TaskState } from '../task/types';
import { attemptFailed, close, revoke } from './attempt';
import { withModel } from './authors';
import { isOpen } from './claim';
import { rearm, withNewest } from './lease';
import { inReview, openPull, pullIsNew, toReview } from './open-pull';
import { atStage, checkStage } from './stage';
import { endAttempt, free, note } from './state';

export interface Step {
  state: TaskState;
  outcome: Outcome;
}

const OK: Outcome = { code: 'ok', message: 'done' };

/** Why a message about an attempt does not count, or null. */
export function checkHolder(state: TaskState, message: { epoch: number; holder: string }): Outcome | null {
  if (!isOpen(state))
    return { code: 'closed', message: `the task is ${state.closing?.status ?? state.status}` };
  const { lease } = state;
  const managed = lease ? isHost(lease.holder) : state.execution_mode === 'ssh_cli';
  if (managed && message.epoch >= state.epoch) {
    return {
      code: 'managed_by_orchestrator',
      message: 'the state of an ssh_cli task is managed by the orchestrator',
    };
  }
  if (lease?.epoch !== message.epoch) {
    return {
      code: 'stale_epoch',
      message: `epoch ${message.epoch} is over; the current epoch is ${state.epoch}`,
    };
  }
  if (lease.holder !== message.holder) return { code: 'not_holder', message: 'another holder has the lease' };
  return null;
}

/** A late receipt is kept, shown and never shipped. */
function quarantine(state: TaskState, message: CompleteMessage, refused: Outcome, now: number): Step {
  if (refused.code !== 'stale_epoch' && refused.code !== 'closed') return { state, outcome: refused };
  const { task_id, product } = state.input;
  const id = quarantineWorkflowId(task_id, message.epoch, message.message_id);
  const item = {
    id,
    task_id,
    product,
    epoch: message.epoch,
    current_epoch: state.epoch,
    completion_id: message.message_id,
    holder: message.holder,
    reason: refused.code,
    receipt: message.receipt,
    received_at: now,
  };
  const kept = { ...state, quarantine: [...state.quarantine, item] };
  return {
    state: note(
      kept,
      now,
      'quarantined',
      `receipt of ${message.holder} for epoch ${message.epoch}: ${refused.code}`,
    ),
    outcome: { ...refused, quarantine_id: id },
  };
}

export function complete(state: TaskState, message: CompleteMessage, now: number, random: number): Step {
  if (message.adopt) return adopt(state, message, now);
  if (message.manual) return completeManually(state, message, now);
  const refused = checkHolder(state, message);
  if (refused) return quarantine(state, message, refused, now);
  if (message.receipt.status === 'failed') {
    const failure = { code: 'agent_failed', message: message.receipt.summary };
    // What it names can be fetched, so the next attempt goes on from there.
    const kept = withModel({ ...state, checkpoint: reached(state, message.receipt) }, message.receipt);
    return {
      state: attemptFailed(kept, failure, now, { random }),
      outcome: { code: 'accepted', message: 'attempt failed' },
    };
  }
  return {
    state: accept(state, message.receipt, now),
    outcome: { code: 'accepted', message: 'receipt accepted' },
  };
}

/** By a coordinator: whoever holds the task is fenced, and what runs is stopped. */
function completeManually(state: TaskState, message: CompleteMessage, now: number): Step {
  if (!isOpen(state))
    return quarantine(state, message, { code: 'closed', message: `the task is ${state.status}` }, now);
  if (state.status === 'review_pending') {
    return { state, outcome: { code: 'wrong_status', message: 'a receipt is accepted already: review it' } };
  }
  const fenced = revoke(state, now, `completed by ${message.holder}`);
  if (message.receipt.status === 'failed') {
    const failure = { code: 'agent_failed', message: message.receipt.summary };
    return {
      state: close(fenced, 'failed', failure, now),
      outcome: { code: 'accepted', message: 'failed manually' },
    };
  }
  return {
    state: accept(fenced, message.receipt, now, true),
    outcome: { code: 'accepted', message: 'accepted as manual' },
  };
}

/**
 * By a person who accepted a receipt in quarantine: as if that person had entered it, unless that would overrule
 * somebody. Then, and when it is about a failure, its acceptance is a mark and nothing more.
 */
function adopt(state: TaskState, message: CompleteMessage, now: number): Step {
  const hindrance = whyNotAdopted(state, message);
  if (hindrance) return { state, outcome: { code: 'wrong_status', message: hindrance } };
  return completeManually(state, message, now);
}

function whyNotAdopted(state: TaskState, { epoch, receipt }: CompleteMessage): string | null {
  if (!isOpen(state)) return `the task is ${state.closing?.status ?? state.status}`;
  if (receipt.status !== 'completed') return 'the receipt says that the attempt failed';
  if (epoch < state.input.first_epoch) return 'the task was started again since';
  if (epoch <= (state.accepted_epoch ?? 0)) return 'a newer receipt was accepted';
  if (state.lease?.lapsed_at === null) return `${state.lease.holder} holds the task`;
  return null;
}

/** One accepted receipt per review round: the lease ends here, so a second one is stale. */
export function accept(state: TaskState, receipt: Receipt, now: number, manual = false): TaskState {
  const epoch = state.lease?.epoch ?? state.epoch;
  const ended = endAttempt(withModel(state, receipt), epoch, {
    at: now,
    outcome: 'completed',
    output_ref: receipt.output_ref ?? null,
  });
  const checkpoint = reached(state, receipt);
  const accepted = note(
    {
      ...ended,
      lease: null,
      assigned: null,
      receipt: { ...receipt, manual },
      accepted_epoch: state.epoch,
      checkpoint,
      findings: [],
      reason: null,
    },
    now,
    'receipt_accepted',
    manual ? 'entered manually' : `from ${state.lease?.holder ?? 'nobody'}`,
  );
  if (state.input.review === 'required' || openPull(state)) return inReview(accepted, now);
  return close(accepted, 'completed', null, now);
}

function reached(state: TaskState, { artifacts: { branch, commit } }: Receipt): TaskState['checkpoint'] {
  return branch || commit ? { ...state.checkpoint, branch, commit } : state.checkpoint;
}

export function reportStatus(state: TaskState, message: StatusMessage, now: number, random: number): Step {
  const refused = checkHolder(state, message);
  if (refused) return { state, outcome: refused };
  const unlawful = checkStage(state, message);
  if (unlawful) return { state, outcome: unlawful };
  if (message.status === 'failed') {
    const failure = { code: 'agent_failed', message: message.message ?? 'reported as failed' };
    const opts = { random, final: message.final };
    return { state: attemptFailed(atStage(state, message, now), failure, now, opts), outcome: OK };
  }
  return { state: atStage(running(rearm(state, now), now), message, now), outcome: OK };
}

export function running(state: TaskState, now: number): TaskState {
  const { lease } = state;
  if (!lease || lease.lapsed_at !== null || state.status === 'running') return state;
  return note(
    { ...state, status: 'running', lease: { ...lease, renewed: true } },
    now,
    'running',
    lease.holder,
  );
}

/** The holder gives the task back, with how far it came. Not charged. A pull request of this attempt is its work. */
export function release(state: TaskState, message: ReleaseMessage, now: number): Step {
  const refused = checkHolder(state, message);
  if (refused) return { state, outcome: refused };
  const { checkpoint, renewed_with } = message;
  const kept = checkpoint
    ? { ...state, checkpoint }
    : withNewest(state, renewed_with?.checkpoint ?? null, renewed_with?.at);
  const released = revoke(kept, now, 'released');
  return { state: pullIsNew(kept) ? toReview(released, now) : free(released, now), outcome: OK };
}

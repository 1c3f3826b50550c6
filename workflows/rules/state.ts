import type { Failure } from '../../contracts/task';
import type { Attempt, Outcome, TaskInput, TaskState } from '../task/types';
import { initialMode } from './decide';

/** Enough for a person to follow a task; older ones are in the Temporal history. */
const MAX_EVENTS = 200;
/** Beyond this many messages a repeat is no longer recognised by its id (its epoch still is). */
const MAX_OUTCOMES = 100;
const MAX_VOIDED = 100;
const MAX_ATTEMPTS = 50;
/** A failure message may hold the end of a log: the attempt keeps it whole, the event list its beginning. */
const MAX_EVENT_MESSAGE = 300;

/** @param runKey left out by those who only want to show a task that was just created */
export function initialState(input: TaskInput, runKey = ''): TaskState {
  const mode = initialMode(input.execution_mode, input.no_capable_host);
  const state: TaskState = {
    input,
    run_key: runKey,
    status: 'created',
    execution_mode: mode,
    epoch: input.first_epoch - 1,
    lease: null,
    assigned: null,
    claimable_since: input.created_at,
    not_before: null,
    retry_count: 0,
    review_count: 0,
    review_since: null,
    checkpoint: null,
    findings: [],
    receipt: null,
    reason: null,
    attempts: [],
    claim_hash: null,
    stops: [],
    closing: null,
    quarantine: [],
    outcomes: [],
    voided: [],
    events: [],
    events_dropped: 0,
    last_activity_at: input.created_at,
    closed_at: null,
  };
  const created = note(state, input.created_at, 'created', `created, ${input.execution_mode}`);
  return mode === input.execution_mode
    ? created
    : note(created, input.created_at, 'decided', 'http_pull: no configured host is capable');
}

/** Adds to the event list and moves last_activity_at. Messages never hold a prompt or a secret. */
export function note(state: TaskState, at: number, type: string, message: string): TaskState {
  const event = { at, type, epoch: state.epoch, message: message.slice(0, MAX_EVENT_MESSAGE) };
  const events = [...state.events, event];
  const surplus = Math.max(0, events.length - MAX_EVENTS);
  return {
    ...state,
    events: events.slice(surplus),
    events_dropped: state.events_dropped + surplus,
    last_activity_at: at,
  };
}

export const outcomeOf = (state: TaskState, id: string) => state.outcomes.find((o) => o.id === id)?.outcome;

export function remember(state: TaskState, id: string, outcome: Outcome): TaskState {
  return { ...state, outcomes: [...state.outcomes, { id, outcome }].slice(-MAX_OUTCOMES) };
}

export function voidRequest(state: TaskState, requestId: string): TaskState {
  return {
    ...state,
    voided: [...state.voided.filter((id) => id !== requestId), requestId].slice(-MAX_VOIDED),
  };
}

export function beginAttempt(state: TaskState, attempt: Attempt): TaskState {
  return { ...state, attempts: [...state.attempts, attempt].slice(-MAX_ATTEMPTS) };
}

export function endAttempt(
  state: TaskState,
  epoch: number,
  end: { at: number; outcome: string; failure?: Failure | null; output_ref?: string | null },
): TaskState {
  const attempts = state.attempts.map((a) =>
    a.epoch === epoch && a.ended_at === null
      ? {
          ...a,
          ended_at: end.at,
          outcome: end.outcome,
          failure: end.failure ?? null,
          output_ref: end.output_ref ?? a.output_ref,
        }
      : a,
  );
  return { ...state, attempts };
}

/** Gives the task back: claimable now, or after `delayMs`; never while a run of it may still be alive. */
export function free(state: TaskState, now: number, delayMs = 0): TaskState {
  const mode = initialMode(state.input.execution_mode, state.input.no_capable_host);
  const freed: TaskState = { ...state, status: 'created', execution_mode: mode, assigned: null };
  if (delayMs > 0 || state.stops.length > 0) {
    return { ...freed, claimable_since: null, not_before: now + delayMs };
  }
  return { ...freed, claimable_since: now, not_before: null };
}

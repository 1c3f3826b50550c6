/** The task as people and programs see it. */
import type { TaskOrigin } from '../../contracts/forge';
import type { TaskView } from '../../contracts/task';
import { holderId, isHost } from '../names';
import type { Lease, TaskInput, TaskPull, TaskReport, TaskState } from '../task/types';
import { authorsOf } from './authors';
import { isLost } from './lease';

const iso = (at: number) => new Date(at).toISOString();
const isoOrNull = (at: number | null) => (at === null ? null : iso(at));

/** Who holds the task, or is to take it up. A lapsed lease holds nothing. */
export const holderOf = (state: TaskState) =>
  (state.lease?.lapsed_at === null ? state.lease.holder : state.assigned?.holder) ?? null;

export function taskView(state: TaskState): TaskView {
  const { input } = state;
  const holder = holderOf(state) ?? state.attempts.at(-1)?.holder ?? null;
  return {
    id: input.task_id,
    title: input.title,
    labels: input.labels,
    repository: input.repository,
    template: input.template,
    product: input.product,
    priority: input.priority,
    execution_mode: state.execution_mode,
    status: state.status,
    reason: state.reason,
    assigned_host: holder && isHost(holder) ? holderId(holder) : null,
    assigned_agent_id: holder && !isHost(holder) ? holderId(holder) : null,
    branch_name: input.branch_name,
    pr_title: input.pr_title,
    pr_url: state.pull?.url ?? state.receipt?.artifacts.pr_url ?? null,
    review: input.review,
    review_count: state.review_count,
    retry_count: state.retry_count,
    max_retries: input.max_retries,
    epoch: state.epoch,
    lease: state.lease && leaseView(state.lease),
    receipt: state.receipt,
    checkpoint: state.checkpoint,
    findings: state.findings,
    attempts: state.attempts.map((attempt) => ({
      ...attempt,
      granted_at: iso(attempt.granted_at),
      ended_at: isoOrNull(attempt.ended_at),
    })),
    timeouts: input.timeouts,
    not_before: isoOrNull(state.not_before),
    created_at: iso(input.created_at),
    last_activity_at: iso(state.last_activity_at),
    closed_at: isoOrNull(state.closed_at),
    ...(input.origin && { origin: originView(input.origin) }),
    ...(state.pull && { pull: pullView(state.pull) }),
    ...(input.not_by && { not_by: input.not_by }),
  };
}

const originView = ({ source, repository, issue, url }: TaskOrigin) => ({ source, repository, issue, url });
const pullView = ({ number, url, state, approved }: TaskPull) => ({ number, url, state, approved });

function leaseView(lease: Lease): NonNullable<TaskView['lease']> {
  return {
    holder: lease.holder,
    epoch: lease.epoch,
    granted_at: iso(lease.granted_at),
    // The workflow does not see renewals: the API puts the true time here from the pending activity.
    expires_at: isHost(lease.holder)
      ? null
      : iso((lease.lapsed_at ?? lease.granted_at) + (lease.lapsed_at ? 0 : lease.lease_ms)),
    lapsed: lease.lapsed_at !== null,
    ...(lease.stage !== undefined && { stage: lease.stage }),
  };
}

export const taskReport = (state: TaskState): TaskReport => ({
  view: taskView(state),
  events: state.events,
  outcomes: state.outcomes,
  claim_hash: state.claim_hash,
  ...(state.pull && { pull: state.pull }),
  ...(state.input.origin && { authors: authorsOf(state) }),
  ...(state.input.edited_at !== undefined && { edited: editedParts(state.input) }),
});

const editedParts = ({ title, body, labels, edited_at }: TaskInput) => ({ title, body, labels, edited_at });

/** One sentence for the Temporal UI: what the task is doing and what it waits for. */
export function sentence(state: TaskState): string {
  const { lease, input, closing, reason } = state;
  const tries = `retry ${state.retry_count} of ${input.max_retries}, review round ${state.review_count + 1}`;
  if (closing) return `Ending as ${closing.status}; waiting until the stopped run is seen dead.`;
  switch (state.status) {
    case 'created':
      if (state.stops.length > 0) return 'Waiting until the stopped run is seen dead.';
      if (state.not_before && state.not_before === state.lock_retry_at)
        return `Waiting for its lock, which another task holds (${tries}).`;
      if (state.not_before)
        return `Waiting until ${iso(state.not_before)} before the next attempt (${tries}).`;
      if (lease && isLost(state))
        return `The lease of ${lease.holder} has lapsed; it may come back (${tries}).`;
      if (lease)
        return `The lease of ${lease.holder} has lapsed; whoever comes first gets the task (${tries}).`;
      return `Waiting for a holder that can do ${input.labels.join(', ') || 'anything'} (${state.execution_mode}; ${tries}).`;
    case 'assigned':
      if (lease) return `Granted to ${lease.holder} under epoch ${lease.epoch}; not yet heard of (${tries}).`;
      return `Assigned to ${state.assigned?.holder}, who has not taken it up yet.`;
    case 'running':
      return lease?.stage === 'blocked'
        ? `${lease.holder} is blocked, and waits for a person, under epoch ${lease.epoch} (${tries}).`
        : `${lease?.holder} is working on it under epoch ${lease?.epoch} (${tries}).`;
    case 'review_pending':
      if (state.pull?.approved)
        return `Approved; waiting for the merge of pull request ${state.pull.number}.`;
      return `Waiting for a review verdict (${tries}).`;
    default:
      return reason ? `The task is ${state.status}: ${reason.code}.` : `The task is ${state.status}.`;
  }
}

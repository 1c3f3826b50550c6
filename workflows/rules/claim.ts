/** Who may take a task, and what a grant changes. The one place where a lease begins. */
import type { Rejection } from '../messages';
import { attemptId, isHost, leaseActivityId, outputRef, slug } from '../names';
import type { AssignRequest, ClaimRequest, Grant, VoidClaimMessage } from '../task/message-types';
import type { Lease, TaskState } from '../task/types';
import { revoke } from './attempt';
import { mayClaim, modeOf } from './decide';
import { charge } from './lease';
import { pullAtGrant } from './open-pull';
import { beginAttempt, free, note, voidRequest } from './state';
import { isTerminal } from './status';

/** The same claim again, by a caller that did not get its answer. */
export const isRepeat = (state: TaskState, claim: ClaimRequest) =>
  state.lease?.request_id === claim.request_id &&
  state.lease.holder === claim.holder &&
  state.lease.lapsed_at === null;

/**
 * After an outage every lease has lapsed, though its holder may be alive. Who can reach the engine again only now
 * waits one lease length before it takes a task from such a holder, who comes back by then or never.
 */
const mayReturn = ({ lease }: TaskState, claim: ClaimRequest, now: number) =>
  lease !== null && now < claim.reachable_since + lease.lease_ms;

/** Why the claim is refused, or null. A refused Update leaves no trace in history. */
export function checkClaim(state: TaskState, claim: ClaimRequest, now: number): Rejection | null {
  if (state.voided.includes(claim.request_id)) return 'voided';
  if (isRepeat(state, claim)) return null;
  if (now > claim.not_after) return 'too_late';
  if (state.lock?.claim) return 'locked';
  if (state.claimable_since === null) return 'not_claimable';
  if (mayReturn(state, claim, now)) return 'holder_may_return';
  if (claim.lacking?.includes(state.input.template)) return 'template_unavailable';
  return mayClaim(
    {
      execution_mode: state.execution_mode,
      origin_mode: state.input.execution_mode,
      labels: state.input.labels,
      assigned: state.assigned?.holder ?? null,
      not_by: state.input.not_by,
    },
    claim,
  );
}

export function grant(state: TaskState, claim: ClaimRequest, now: number): TaskState {
  const superseded = state.lease ? charge(state, now) : state;
  const epoch = superseded.epoch + 1;
  const lease: Lease = {
    holder: claim.holder,
    epoch,
    request_id: claim.request_id,
    lease_ms: claim.lease_ms ?? state.input.timeouts.lease_ms,
    granted_at: now,
    n: 1,
    renewed: false,
    lapsed_at: null,
    run: isHost(claim.holder) ? 'starting' : null,
    ...(superseded.assigned === null ? {} : { assigned: true }),
    ...pullAtGrant(state),
  };
  const granted: TaskState = {
    ...superseded,
    epoch,
    lease,
    status: 'assigned',
    execution_mode: modeOf(claim.holder),
    assigned: null,
    claimable_since: null,
    not_before: null,
    claim_hash: claim.claim_hash,
  };
  const attempt = {
    epoch,
    holder: claim.holder,
    granted_at: now,
    ended_at: null,
    outcome: null,
    failure: null,
    output_ref: outputRef(attemptId(state.input.task_id, state.run_key, epoch)),
  };
  return note(beginAttempt(granted, attempt), now, 'granted', `${granted.execution_mode}: ${claim.holder}`);
}

/** The answer to a claim, new or repeated. Throws if no lease is held: the caller has checked. */
export function grantOf(state: TaskState): Grant {
  const { lease, input } = state;
  if (!lease) throw new Error('no lease to describe');
  return {
    epoch: lease.epoch,
    lease_ms: lease.lease_ms,
    activity_id: leaseActivityId(lease.epoch, lease.n),
    granted_at: lease.granted_at,
    work: {
      id: input.task_id,
      title: input.title,
      body: input.body,
      ...(input.change && { change: input.change }),
      labels: input.labels,
      repository: input.repository,
      branch_name: input.branch_name,
      template: input.template,
      priority: input.priority,
      product: input.product,
      attempt: state.attempts.length,
      checkpoint: state.checkpoint,
      findings: state.findings,
      run_timeout_ms: input.timeouts.run_ms,
    },
  };
}

export function checkAssign(state: TaskState, request: AssignRequest, now: number): Rejection | null {
  if (now > request.not_after) return 'too_late';
  if (state.input.not_by?.includes(request.holder)) return 'wrote_it';
  return state.status === 'created' && !state.closing ? null : 'not_created';
}

/** The coordinator's choice: only that holder may claim, in the mode of its kind. */
export function assign(state: TaskState, request: AssignRequest, now: number): TaskState {
  // Somebody decided: a holder whose lease had lapsed is not to come back.
  const fenced = state.lease ? { ...charge(state, now), epoch: state.epoch + 1, lease: null } : state;
  const assigned: TaskState = {
    ...free(fenced, now),
    status: 'assigned',
    execution_mode: modeOf(request.holder),
    assigned: { holder: request.holder, until: now + state.input.timeouts.assign_ms },
  };
  const why = request.reason ? `: ${request.reason}` : '';
  return note(assigned, now, 'assigned', `to ${request.holder} by ${request.by}${why}`);
}

/** The caller gave up on a claim and will not work on it, whether it was granted or is still under way. */
export function voidClaim(
  state: TaskState,
  { request_id, holder }: VoidClaimMessage,
  now: number,
): TaskState {
  const voided = voidRequest(state, request_id);
  const granted = state.lease?.request_id === request_id && state.lease.holder === holder;
  return granted && isOpen(state) ? free(revoke(voided, now, 'claim given up'), now) : voided;
}

export const defaultBranch = (taskId: string) => `task/${slug(taskId)}`;

export const isOpen = (state: TaskState) => !isTerminal(state.status) && !state.closing;

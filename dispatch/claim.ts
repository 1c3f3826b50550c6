/** The claim Update, as sent by the API for agents and by dispatchers for hosts. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { HolderRef } from '../contracts/task';
import { claimUpdate, outcomeQuery } from '../workflows/messages';
import { taskWorkflowId } from '../workflows/names';
import type { ClaimRequest, Grant } from '../workflows/task/message-types';
import type { Beginning } from './beginning';
import { claimHash } from './claim-hash';
import { createClaimLookup } from './claim-lookup';
import { type ClaimResult, claimFailure } from './claim-result';
import type { Reachability } from './reachability';
import { createVisibilityBudget, type VisibilityBudget } from './visibility-budget';
import { createVoidClaims } from './void-claims';

export { claimHash } from './claim-hash';
export type { ClaimResult } from './claim-result';

export interface Claim {
  requestId: string;
  holder: HolderRef;
  capabilities: string[];
  /** In milliseconds; null: as the task says. */
  leaseMs: number | null;
  /** Templates that a host cannot run now; null among them: that of tasks which name none. */
  lacking?: Array<string | null>;
}

export interface Claims {
  /**
   * Claims one task, within `timeoutMs`. After `indeterminate` the claim is being given up in the
   * background: the caller must not try the next candidate, or one request could get two tasks.
   * @param beginning of a task that starts with its first claim
   */
  claim(taskId: string, claim: Claim, timeoutMs: number, beginning?: Beginning): Promise<ClaimResult>;
  /** false: the last claim, a moment ago, got no answer. */
  answering(): boolean;
  /**
   * The grant that an earlier request got, as long as it is in force; null when there is none.
   * Rejects with an error of Temporal's client when the engine or the workers are away.
   */
  findClaim(holder: HolderRef, requestId: string): Promise<{ taskId: string; grant: Grant } | null>;
  close(): Promise<void>;
}

export interface ClaimsDeps {
  /** Best on a connection with `claimInterceptors`. */
  client: Client;
  logger: Pick<Logger, 'warn'>;
  budget?: VisibilityBudget;
  /** Of the connections of this process; without it the engine is taken to have always answered. */
  reachability?: Reachability;
}

const FIND_TIMEOUT_MS = 5_000;
const PROBE_TIMEOUT_MS = 1_500;
const SUSPECTS_MAX = 10_000;
/** How long after a claim without an answer workers are taken to be away, unless another is granted. */
const SILENT_MS = 30_000;

export function createClaims({ client, logger, budget, reachability }: ClaimsDeps): Claims {
  const voids = createVoidClaims(client, logger);
  const ownBudget = budget === undefined;
  const paidFrom = budget ?? createVisibilityBudget();
  const lookup = createClaimLookup(client, paidFrom);

  /** Tasks whose last claim got no answer. */
  const suspects = new Set<string>();
  /** Milliseconds since 1970. */
  let silentUntil = 0;

  /**
   * A claim that gets no answer leaves a void_claim in the history of its task. While its worker is away, a task is
   * asked by a query first, which leaves nothing: an outage of any length costs a task one claim per process.
   */
  async function answers(taskId: string, timeoutMs: number): Promise<boolean> {
    if (!suspects.has(taskId)) return true;
    const handle = client.workflow.getHandle(taskWorkflowId(taskId));
    const deadline = Date.now() + Math.min(timeoutMs, PROBE_TIMEOUT_MS);
    try {
      await client.withDeadline(deadline, () => handle.query(outcomeQuery, ''));
    } catch (error) {
      // Gone: the claim will say so.
      if (!(error instanceof WorkflowNotFoundError)) return false;
    }
    suspects.delete(taskId);
    return true;
  }

  function suspect(taskId: string): void {
    const oldest = suspects.values().next();
    if (suspects.size >= SUSPECTS_MAX && !oldest.done) suspects.delete(oldest.value);
    suspects.add(taskId);
  }

  async function send(
    taskId: string,
    request: ClaimRequest,
    deadline: number,
    beginning?: Beginning,
  ): Promise<ClaimResult> {
    const startWorkflowOperation = beginning?.take();
    const args: [ClaimRequest] = [request];
    const grant = await client.withDeadline(deadline, () =>
      startWorkflowOperation
        ? client.workflow.executeUpdateWithStart(claimUpdate, { args, startWorkflowOperation })
        : client.workflow.getHandle(taskWorkflowId(taskId)).executeUpdate(claimUpdate, { args }),
    );
    return { kind: 'granted', grant };
  }

  return {
    async claim(taskId, claim, timeoutMs, beginning) {
      const deadline = Date.now() + timeoutMs;
      if (!(await answers(taskId, timeoutMs))) return { kind: 'indeterminate' };
      const request = requestOf(claim, deadline, reachability?.since() ?? 0);
      try {
        const result = await send(taskId, request, deadline, beginning);
        silentUntil = 0;
        return result;
      } catch (error) {
        const failure = claimFailure(error);
        if (failure.kind === 'indeterminate') {
          silentUntil = Date.now() + SILENT_MS;
          logger.warn({ err: error, taskId, holder: claim.holder }, 'a claim got no answer and is given up');
          suspect(taskId);
          voids.send(taskId, { request_id: claim.requestId, holder: claim.holder });
        }
        return failure;
      }
    },
    answering: () => Date.now() >= silentUntil,
    async findClaim(holder, requestId) {
      const taskId = await lookup(claimHash(holder, requestId));
      if (taskId === null) return null;
      // The task answers a repeated claim as it did the first time; anything else is too late for it.
      const request = requestOf({ holder, requestId, capabilities: [], leaseMs: null }, 0, 0);
      try {
        const result = await send(taskId, request, Date.now() + FIND_TIMEOUT_MS);
        return result.kind === 'granted' ? { taskId, grant: result.grant } : null;
      } catch (error) {
        if (claimFailure(error).kind === 'rejected') return null;
        throw error;
      }
    },
    async close() {
      if (ownBudget) paidFrom.close();
      await voids.close();
    },
  };
}

function requestOf(claim: Claim, notAfter: number, reachableSince: number): ClaimRequest {
  return {
    request_id: claim.requestId,
    holder: claim.holder,
    capabilities: claim.capabilities,
    lease_ms: claim.leaseMs,
    not_after: notAfter,
    reachable_since: reachableSince,
    claim_hash: claimHash(claim.holder, claim.requestId),
    ...(claim.lacking === undefined || claim.lacking.length === 0 ? {} : { lacking: claim.lacking }),
  };
}

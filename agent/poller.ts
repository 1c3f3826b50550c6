import { randomUUID } from 'node:crypto';
import { backoffPause, pollPause, type Random } from './backoff';
import { type Answer, UnreachableError } from './http-client';
import type { AgentLogger } from './logger';
import { refused } from './presence';
import { rest } from './rest';
import type { TaskApi } from './task-api';
import { sayAnswer, TOKEN_REVOKED, verdictOf } from './verdict';
import { type Grant, grantSchema } from './wire';

export interface PollerDeps {
  api: TaskApi;
  capabilities: string[];
  wait_ms: number;
  lease_s: number | null;
  logger: AgentLogger;
  random: Random;
  /** Resolves when there is room for one more attempt, or when the signal is aborted. */
  room(signal: AbortSignal): Promise<void>;
  onGrant(grant: Grant): Promise<void>;
  onDirective(directive: string): void;
}

const PAUSES = { first_ms: 500, most_ms: 30_000 };
/** Between two polls, so that a crowd of agents does not ask in step. */
const JITTER_MS = 500;

/** A grant that cannot be read or kept is not renewed, so it lapses and costs nothing. */
async function taken({ onGrant, logger }: PollerDeps, answer: Answer): Promise<boolean> {
  try {
    await onGrant(grantSchema.parse(answer.body));
    return true;
  } catch (error) {
    logger.error({ error: String(error) }, 'a task that was granted cannot be taken');
    return false;
  }
}

/** Takes one task after the other until the signal is aborted. Throws `AgentRefusedError`. */
export async function poll(deps: PollerDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  /** Whose answer was lost: the claim may have been made, so it is asked for again. */
  let lost: string | null = null;
  for (;;) {
    await deps.room(signal);
    if (signal.aborted) return;
    const request_id: string = lost ?? randomUUID();
    const { capabilities, wait_ms } = deps;
    const lease_s = deps.lease_s ?? undefined;
    let answer: Answer | null = null;
    try {
      const request = { capabilities, wait_ms, lease_s, request_id, retry: lost !== null };
      answer = await deps.api.dequeue(request, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof UnreachableError)) throw error;
      deps.logger.warn({ error: error.message }, 'no answer to a request for work; asking again');
    }
    lost = answer === null || answer.status === 502 || answer.status === 504 ? request_id : null;
    if (answer?.code === TOKEN_REVOKED) throw refused(answer);
    if (answer?.directive) deps.onDirective(answer.directive);
    if (answer?.status === 200 && (await taken(deps, answer))) failures = 0;
    else if (answer?.status === 204) {
      failures = 0;
      await rest(pollPause(JITTER_MS, deps.random, answer.retry_after_ms), signal);
    } else {
      failures += 1;
      if (answer !== null && verdictOf(answer) !== 'away') {
        deps.logger.error({ answer: sayAnswer(answer) }, 'the server refuses to give work; asking again');
      }
      await rest(backoffPause(failures, PAUSES, deps.random, answer?.retry_after_ms), signal);
    }
  }
}

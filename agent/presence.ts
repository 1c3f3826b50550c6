import { backoffPause, type Random } from './backoff';
import { type Answer, UnreachableError } from './http-client';
import type { AgentLogger } from './logger';
import { rest } from './rest';
import type { Registration, TaskApi } from './task-api';
import { fenceOf, sayAnswer, TOKEN_REVOKED, verdictOf } from './verdict';
import { presenceSchema } from './wire';

const PAUSES = { first_ms: 500, most_ms: 30_000 };
const BEATS_PER_PRESENCE = 3;

/** The server does not want this agent, whatever number of times it asks. */
export class AgentRefusedError extends Error {
  readonly code = 'agent_refused';
}

export const refused = (answer: Answer): AgentRefusedError =>
  new AgentRefusedError(
    `the server refuses this agent: ${sayAnswer(answer)} ${fenceOf(answer).detail}`.trim(),
  );

export interface PresenceDeps {
  api: TaskApi;
  registration: Registration;
  logger: AgentLogger;
  random: Random;
  /** Share of the slots that are taken, 0 to 1. */
  load(): number;
  onDirective(directive: string): void;
}

/** Until it is registered, or the signal is aborted. Throws `AgentRefusedError`. */
export async function register({ api, registration, logger, random }: PresenceDeps, signal: AbortSignal) {
  for (let failures = 1; !signal.aborted; failures++) {
    const answer = await answerOf(() => api.register(registration, signal), signal);
    if (answer !== null && verdictOf(answer) === 'done') return;
    if (answer !== null && (answer.status === 401 || verdictOf(answer) !== 'away')) throw refused(answer);
    logger.warn({ answer: answer && sayAnswer(answer) }, 'not registered yet; asking again');
    await rest(backoffPause(failures, PAUSES, random, answer?.retry_after_ms), signal);
  }
}

/**
 * Says that the agent is there, until the signal is aborted; ends early where the server has no such route.
 * Throws `AgentRefusedError`.
 */
export async function stayPresent(deps: PresenceDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const answer = await answerOf(() => deps.api.present(deps.load(), signal), signal);
    if (signal.aborted) return;
    const beat = answer?.status === 200 ? presenceSchema.safeParse(answer.body ?? {}) : null;
    if (beat?.success) {
      failures = 0;
      const { directive, presence_s } = beat.data;
      deps.onDirective(directive);
      await rest((presence_s * 1_000) / BEATS_PER_PRESENCE, signal);
      continue;
    }
    if (answer?.code === TOKEN_REVOKED) throw refused(answer);
    if (answer?.status === 404) {
      if (answer.code !== 'unknown_holder') return;
      await register(deps, signal);
    }
    failures += 1;
    await rest(backoffPause(failures, PAUSES, deps.random, answer?.retry_after_ms), signal);
  }
}

/** null: there was none. */
async function answerOf(call: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UnreachableError || signal.aborted) return null;
    throw error;
  }
}

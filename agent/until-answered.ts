import { type Backoff, backoffPause, type Random } from './backoff';
import { type Answer, UnreachableError } from './http-client';
import { rest } from './rest';
import { sayAnswer, verdictOf } from './verdict';

export interface Asking {
  pauses: Backoff;
  random: Random;
  signal: AbortSignal;
  /** Of a verdict: whether it is to be asked for again all the same. Default: never. */
  open?: (answer: Answer) => boolean;
}

/** Sends a message again and again until there is a verdict on it; null when the signal was aborted first. */
export async function untilAnswered(
  send: () => Promise<Answer>,
  { pauses, random, signal, open = () => false }: Asking,
  onNone: (why: string) => void,
): Promise<Answer | null> {
  for (let failures = 1; ; failures++) {
    let retryAfter: number | null = null;
    try {
      const answer = await send();
      if (verdictOf(answer) !== 'away' && !open(answer)) return answer;
      retryAfter = answer.retry_after_ms;
      onNone(sayAnswer(answer));
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      onNone(error.message);
    }
    if (signal.aborted) return null;
    await rest(backoffPause(failures, pauses, random, retryAfter), signal);
    if (signal.aborted) return null;
  }
}

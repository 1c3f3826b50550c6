import { ApplicationFailure } from '@temporalio/common';
import { ForgeError, type ForgeErrorCode, isPassing } from '../../activities/forge/forge';

/** Between two tries of what waits for a person to put it right, in milliseconds. */
const PERSON_MS = 300_000;

/**
 * What the engine does about an error of a forge: waits as long as the forge asks, or for a person who mends the
 * token, or gives up, since another try would only say the same. All of it holds code and remedy, and nothing of what
 * was written.
 */
export async function asFailure<T>(
  source: string,
  run: () => Promise<T>,
  mendable: ForgeErrorCode[] = ['unauthorized'],
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof ForgeError ? failureOf(source, error, mendable) : error;
  }
}

function failureOf(source: string, error: ForgeError, mendable: ForgeErrorCode[]): ApplicationFailure {
  const mends = mendable.includes(error.code);
  const nextRetryDelay = mends ? PERSON_MS : error.retryAfterMs;
  const nonRetryable = !mends && !isPassing(error);
  return ApplicationFailure.create({
    type: error.code,
    message: `${source}: ${error.message}`,
    nonRetryable,
    ...(!nonRetryable && nextRetryDelay !== null && { nextRetryDelay }),
  });
}

/** null where the forge has no such thing. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'not_found') return null;
    throw error;
  }
}

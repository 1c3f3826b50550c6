import { ApplicationFailure } from '@temporalio/common';
import { ForgeError, isPassing } from '../../activities/forge/forge';

/**
 * What the engine does about an error of a forge: waits as long as the forge asks, or gives up, since another try
 * would only say the same. Both hold code and remedy, and nothing of what was written.
 */
export async function asFailure<T>(source: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof ForgeError ? failureOf(source, error) : error;
  }
}

function failureOf(source: string, error: ForgeError): ApplicationFailure {
  const passing = isPassing(error);
  return ApplicationFailure.create({
    type: error.code,
    message: `${source}: ${error.message}`,
    nonRetryable: !passing,
    ...(passing && error.retryAfterMs !== null && { nextRetryDelay: error.retryAfterMs }),
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

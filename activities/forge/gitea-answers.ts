/** What is odd in the answers of Gitea and Forgejo. */
import type { HttpResponse } from 'gitea-js';
import { ForgeError } from './forge';

/** Most that Gitea gives at a time unless it is configured otherwise. */
export const PAGE = 50;

const isMissing = (error: unknown) => error instanceof ForgeError && error.code === 'not_found';

export const orNull = <T>(answer: Promise<T>): Promise<T | null> =>
  answer.catch((error) => {
    if (isMissing(error)) return null;
    throw error;
  });

/**
 * Where something is missing Gitea may answer 500, as if it would pass.
 * @param look rejects with `not_found` when it is missing
 */
export async function orMissing<T>(answer: Promise<T>, look: () => Promise<unknown>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'unavailable') throw error;
    const seen = await look().catch((why: unknown) => why);
    throw isMissing(seen) ? seen : error;
  }
}

export async function* pages<T>(
  ask: (page: number) => Promise<HttpResponse<T[]>>,
  most: number,
): AsyncGenerator<T> {
  for (let page = 1, seen = 0; page <= most; page++) {
    const { data, headers } = await ask(page);
    yield* data ?? [];
    seen += data?.length ?? 0;
    const total = headers.get('x-total-count');
    const over = total === null ? (data?.length ?? 0) < PAGE : seen >= Number(total);
    if (over || (data?.length ?? 0) === 0) return;
  }
}

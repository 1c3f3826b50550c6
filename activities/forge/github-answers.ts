/** How Octokit is asked, and what it rejects with. */
import { ForgeError } from './forge';
import { splitRepository } from './forge-access';

const PAGE = 100;
const PAGES_MAX = 20;

export function at(repository: string): { owner: string; repo: string } {
  const [owner, repo] = splitRepository(repository);
  return { owner, repo };
}

/** Octokit wraps what its fetch rejects with. */
export function asForgeError(error: unknown): never {
  if (error instanceof ForgeError) throw error;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof ForgeError) throw cause;
  throw new ForgeError('unavailable', 'the client for GitHub failed before it sent anything');
}

export async function* pages<T>(
  ask: (page: { page: number; per_page: number }) => Promise<{ data: T[] }>,
): AsyncGenerator<T> {
  for (let page = 1; page <= PAGES_MAX; page++) {
    const { data } = await ask({ page, per_page: PAGE }).catch(asForgeError);
    yield* data;
    if (data.length < PAGE) return;
  }
}

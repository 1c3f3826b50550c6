import type { PullFacts } from '../../contracts/forge';
import { ForgeError, type ForgeErrorCode } from './forge';

/**
 * Looks before it opens, and once more when somebody was faster.
 * @param taken how the forge says that there is one already
 */
export async function openOnce(
  find: () => Promise<PullFacts | null>,
  open: () => Promise<PullFacts>,
  taken: ForgeErrorCode,
): Promise<PullFacts> {
  const found = await find();
  if (found !== null) return found;
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== taken) throw error;
    const now = await find();
    if (now === null) throw error;
    return now;
  }
}

import type { ApiContext } from './context';
import { ANSWER_MS, orAfter, within } from './deadline';

/** True only when it is certain: a task that waits for a host in vain is worse off than one that any agent may take. */
export async function noCapableHost(
  { client, directory }: Pick<ApiContext, 'client' | 'directory'>,
  labels: readonly string[],
): Promise<boolean> {
  const known = within(client, ANSWER_MS, () => directory.capableHostExists(labels));
  return (await orAfter(ANSWER_MS, known, null)) === false;
}

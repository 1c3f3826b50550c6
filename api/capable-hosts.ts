import type { ApiContext } from './context';
import { ANSWER_MS, within } from './deadline';

/** True only when it is certain: a task that waits for a host in vain is worse off than one that any agent may take. */
export async function noCapableHost(
  { client, directory }: Pick<ApiContext, 'client' | 'directory'>,
  labels: readonly string[],
): Promise<boolean> {
  return (await within(client, ANSWER_MS, () => directory.capableHostExists(labels))) === false;
}

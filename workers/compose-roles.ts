import type { Role } from './role';

/**
 * Starts roles one after another, each when the one before is ready, as one role. It stops in the
 * opposite order, so what others lean on goes last; when one cannot start, those before it stop.
 */
export async function composeRoles(
  steps: ReadonlyArray<() => Promise<Role>>,
  signal?: AbortSignal,
): Promise<Role> {
  const started: Role[] = [];
  const stopAll = async () => {
    for (const role of started.toReversed()) await role.stop();
  };
  try {
    for (const step of steps) {
      signal?.throwIfAborted();
      const role = await step();
      started.push(role);
      await role.ready;
    }
  } catch (error) {
    await stopAll();
    throw error;
  }
  const failed = Promise.race(started.map((role) => role.failed));
  failed.catch(() => {});
  let stopping: Promise<void> | null = null;
  return {
    ready: Promise.resolve(),
    failed,
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

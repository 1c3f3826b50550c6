import { CancellationScope, isCancellation } from '@temporalio/workflow';

/**
 * Keeps exactly the wanted things running: what is newly wanted is started, what no longer is gets cancelled.
 * The state says what is wanted, so nothing has to remember to start or stop anything.
 */
export function createKeeper<T>(
  parent: CancellationScope,
  keyOf: (item: T) => string,
  run: (item: T) => Promise<void>,
) {
  const scopes = new Map<string, CancellationScope>();
  return {
    sync(wanted: readonly T[]) {
      const keys = new Set(wanted.map(keyOf));
      for (const [key, scope] of scopes) {
        if (keys.has(key)) continue;
        scopes.delete(key);
        scope.cancel();
      }
      for (const item of wanted) {
        const key = keyOf(item);
        if (scopes.has(key)) continue;
        const scope = new CancellationScope({ cancellable: true, parent });
        scopes.set(key, scope);
        scope
          .run(() => run(item))
          .catch((error: unknown) => {
            // Cancelled above: then it may also have ended by itself in the same activation, and says how, such as a
            // lease that ran out as its receipt came. Anything else is a bug: it fails the workflow task, loudly.
            if (!scope.consideredCancelled && !isCancellation(error)) throw error;
          });
      }
    },
  };
}

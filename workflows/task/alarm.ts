import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/**
 * One timer for the earliest deadline. A timer that is early is left alone: it costs one look at the
 * rules, where moving it would cost a command each time.
 */
export function createAlarm(parent: CancellationScope, ring: () => void) {
  let current: { at: number; scope: CancellationScope } | null = null;

  function clear() {
    current?.scope.cancel();
    current = null;
  }

  return {
    clear,
    set(at: number | null, summary: string) {
      if (at === null || (current && current.at <= at)) return;
      clear();
      const scope = new CancellationScope({ cancellable: true, parent });
      current = { at, scope };
      scope
        .run(() => sleep(Math.max(1, at - Date.now()), { summary }))
        .then(() => {
          current = null;
          ring();
        })
        .catch((error: unknown) => {
          if (!isCancellation(error)) throw error;
        });
    },
  };
}

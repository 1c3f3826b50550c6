/** How a process is told to stop, and how it learns that something in it broke. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

// One Ctrl-C reaches us twice under npm: from the terminal, and passed on by npm.
const SAME_ORDER_MS = 1_000;

export interface StopOrder {
  /** Resolves with the name of the first signal. */
  requested: Promise<string>;
  /** Aborted by the first signal. */
  signal: AbortSignal;
}

/** From now on the first signal is an order to stop; a later one ends the process at once. */
export function watchStopSignals(): StopOrder {
  const controller = new AbortController();
  const requested = new Promise<string>((resolve) => {
    let first: number | null = null;
    const onSignal = (name: string) => {
      if (first === null) {
        first = Date.now();
        controller.abort();
        resolve(name);
      } else if (Date.now() - first > SAME_ORDER_MS) {
        console.error(`${name} again: ending at once`);
        process.exit(1);
      }
    };
    for (const name of SIGNALS) process.on(name, () => onSignal(name));
  });
  return { requested, signal: controller.signal };
}

/** Rejects with the first exception or rejection that nobody caught. */
export function watchCrashes(): Promise<never> {
  const crash = new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
  crash.catch(() => {});
  return crash;
}

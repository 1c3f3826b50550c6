import type { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Role } from './role';

/** Temporal workers as a role: run until stopped, and say so when one dies by itself. */
export function workerRole(workers: Worker[], connection: NativeConnection, logger: Logger): Role {
  let stopping: Promise<void> | null = null;
  const running = workers.map((worker) => worker.run());
  const failed = new Promise<never>((_, reject) => {
    for (const run of running) {
      run.catch((error: unknown) => {
        if (stopping) logger.warn({ err: error }, 'a worker did not stop cleanly');
        else reject(error);
      });
    }
  });
  // Whoever does not look at `failed` must not crash the process by it.
  failed.catch(() => undefined);

  async function stop() {
    for (const worker of workers) {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    }
    await Promise.allSettled(running);
    await connection.close();
  }

  return {
    ready: Promise.resolve(),
    failed,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

import type { TestApi } from './api-server';
import { jobPath } from './fleet-runner';
import { fleetShellRunner, type ShellRunner } from './shell-runner';

export type Factory = Awaited<ReturnType<typeof fleetShellRunner>>;

/** The shell runners of a test file, and what the API says of their jobs. `always`: variables of each of them. */
export function shellFactories(api: () => TestApi, always: Record<string, string> = {}) {
  const runners: ShellRunner[] = [];
  return {
    async factory(variables: Record<string, string> = {}): Promise<Factory> {
      const runner = await fleetShellRunner(api(), { ...always, ...variables });
      runners.push(runner);
      return runner;
    },
    async stop(): Promise<void> {
      await Promise.all(runners.splice(0).map((runner) => runner.stop()));
    },
    jobOf: async (id: string) => (await api().get(jobPath(id))).body,
    taskOf: async (id: string) => (await api().get(`/tasks/${encodeURIComponent(id)}`)).body,
  };
}

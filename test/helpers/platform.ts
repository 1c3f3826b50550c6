/** What most tests of the API stand on: a namespace, a control worker and the API, all of them real. */
import { startTestApi, type TestApi } from './api-server';
import { startControl } from './control-worker';
import { createNamespace, type TestNamespace } from './namespace';

type ApiOptions = Parameters<typeof startTestApi>[1];

export interface Platform {
  engine: TestNamespace;
  api: TestApi;
  /** A further process of the API: it has granted nothing and remembers nothing. */
  another(options?: ApiOptions): Promise<TestApi>;
  /** Until what it gives is called, no worker is up. */
  withoutWorker(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** @param name of the namespace, made unique */
export async function startPlatform(name: string, options: ApiOptions = {}): Promise<Platform> {
  const engine = await createNamespace(name);
  let control = await startControl(engine.temporal);
  const api = await startTestApi(engine.temporal, options);
  const all = [api];
  return {
    engine,
    api,
    async another(more = {}) {
      const started = await startTestApi(engine.temporal, { signingKey: api.signingKey, ...more });
      all.push(started);
      return started;
    },
    async withoutWorker() {
      await control.stop();
      return async () => {
        control = await startControl(engine.temporal);
      };
    },
    async close() {
      for (const one of all.toReversed()) await one.stop();
      await control.stop();
      await engine.close();
    },
  };
}

/** What tests of deliveries and reports stand on: a real engine with its worker, and for each test a forge in memory. */
import { startControl } from './control-worker';
import { openForgeContext } from './forge-context';
import { createMemoryForge, type MemoryForge } from './memory-forge';
import { createNamespace, type TestNamespace } from './namespace';

type Settings = Parameters<typeof openForgeContext>[2];

export interface ForgeEngine {
  engine: TestNamespace;
  /** A forge with nothing in it, and the activities about it; to be closed by the test. */
  open(settings?: Settings): { forge: MemoryForge; system: ReturnType<typeof openForgeContext> };
  close(): Promise<void>;
}

export async function startForgeEngine(name: string): Promise<ForgeEngine> {
  const engine = await createNamespace(name);
  const control = await startControl(engine.temporal);
  return {
    engine,
    open(settings) {
      const forge = createMemoryForge();
      return { forge, system: openForgeContext(engine.temporal, forge, settings) };
    },
    async close() {
      await control.stop();
      await engine.close();
    },
  };
}

import { rmSync } from 'node:fs';

export default async function globalTeardown(): Promise<void> {
  await globalThis.sharedTemporalServer?.stop();
  if (globalThis.testDirectory)
    rmSync(globalThis.testDirectory, { recursive: true, force: true, maxRetries: 3 });
}

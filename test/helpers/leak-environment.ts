import { randomUUID } from 'node:crypto';
import type { EnvironmentContext, JestEnvironmentConfig } from '@jest/environment';
import { TestEnvironment } from 'jest-environment-node';
import { grown, markedProcesses, openResources, RUN_MARK } from './leaks';

const SETTLE_MS = 5_000;
const POLL_MS = 25;

/** A test file that leaves a process, a port or a connection behind fails, though its tests passed. */
export default class LeakEnvironment extends TestEnvironment {
  private readonly mark: string;
  private readonly file: string;
  private readonly before = baseline();

  constructor(config: JestEnvironmentConfig, context: EnvironmentContext) {
    const mark = randomUUID();
    // Set on the real environment before the sandbox copies it: children of either get it.
    process.env[RUN_MARK] = mark;
    super(config, context);
    this.mark = mark;
    this.file = context.testPath;
  }

  override async teardown(): Promise<void> {
    const left = await this.leftovers();
    await super.teardown();
    if (left.length > 0) throw new Error(`${this.file} left behind:\n  ${left.join('\n  ')}`);
  }

  /** Closing takes a moment: what is gone within some seconds was not left behind. */
  private async leftovers(): Promise<string[]> {
    const giveUp = Date.now() + SETTLE_MS;
    for (;;) {
      const processes = markedProcesses(this.mark).map(({ pid, command }) => `process ${pid}: ${command}`);
      const left = [...processes, ...grown(this.before, openResources())];
      if (left.length === 0 || Date.now() > giveUp) return left;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Node opens the streams of a process when they are first used: that is nobody's leak. */
function baseline() {
  process.stdout.listenerCount('error');
  process.stderr.listenerCount('error');
  return openResources();
}

import { setTimeout as pause } from 'node:timers/promises';
import { readEnvironment } from '../workers/config/environment';
import type { Role } from '../workers/role';
import { installRuntime } from '../workers/runtime';
import { openSetting, type Setting } from '../workers/setting';
import { watchCrashes, watchStopSignals } from './stop-signals';

export interface StartContext {
  setting: Setting;
  /** For people: what is being waited for. */
  say: (message: string) => void;
  /** Aborted when the process is told to stop before it is ready. */
  signal: AbortSignal;
}

// Runs under way get their own grace before; this one only bounds a stop that hangs.
const STOP_MS = 60_000;

/**
 * Runs a role until the process is told to stop (exit code 0) or the role fails (exit code 1, with
 * the reason on standard error).
 */
export async function runRole<R extends Role>(
  start: (context: StartContext) => Promise<R>,
  onReady: (role: R, context: StartContext) => string,
): Promise<never> {
  const order = watchStopSignals();
  const crash = watchCrashes();
  let starting: Promise<R | null> = Promise.resolve(null);
  let exitCode = 0;
  try {
    const setting = openSetting(readEnvironment());
    installRuntime(setting.logger);
    const context = { setting, say: (message: string) => console.log(message), signal: order.signal };
    starting = start(context);
    const running = starting.then(async (role) => {
      if (role === null || order.signal.aborted) return;
      await role.ready;
      console.log(onReady(role, context));
      await role.failed;
    });
    await Promise.race([running, crash, order.requested]);
  } catch (error) {
    // What ends while we stop does so because it was told to.
    if (!order.signal.aborted) {
      console.error(`Signalbox failed: ${reasonOf(error)}`);
      exitCode = 1;
    }
  }
  if (order.signal.aborted) console.log(`\n${await order.requested}: stopping …`);
  try {
    await within(STOP_MS, stopStarted(starting));
    if (exitCode === 0) console.log('Stopped.');
  } catch (error) {
    console.error(`Signalbox did not stop cleanly: ${reasonOf(error)}`);
    exitCode = 1;
  }
  process.exit(exitCode);
}

/** One that could not start has stopped what it had started. */
async function stopStarted(starting: Promise<Role | null>): Promise<void> {
  const role = await starting.catch(() => null);
  await role?.stop();
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const late = pause(ms).then(() => {
    throw new Error(`it took more than ${ms / 1000} s`);
  });
  await Promise.race([work, late]);
}

/** The message alone where we raised it for people; with its stack where it is a defect. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDefect =
    error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  return isDefect ? (error.stack ?? error.message) : error.message;
}

import closeWithGrace from 'close-with-grace';
import { readEnvironment } from '../workers/config/environment';
import type { Role } from '../workers/role';
import { installRuntime } from '../workers/runtime';
import { openSetting, type Setting } from '../workers/setting';

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
): Promise<void> {
  const interrupted = new AbortController();
  let starting: Promise<R> | null = null;
  const process_ = closeWithGrace({ delay: STOP_MS }, async ({ err, signal }) => {
    if (err) console.error(`Signalbox failed: ${err.stack ?? err.message}`);
    if (signal) console.log(`\n${signal}: stopping …`);
    interrupted.abort();
    const role = await starting?.catch(() => null);
    await role?.stop();
    if (signal) console.log('Stopped.');
  });
  try {
    const setting = openSetting(readEnvironment());
    installRuntime(setting.logger);
    const context = { setting, say: (message: string) => console.log(message), signal: interrupted.signal };
    starting = start(context);
    const role = await starting;
    await role.ready;
    console.log(onReady(role, context));
    await role.failed;
  } catch (error) {
    // While stopping, whatever ends does so because it was told to.
    if (interrupted.signal.aborted) return;
    console.error(`Signalbox failed: ${error instanceof Error ? error.message : error}`);
    process_.uninstall();
    await starting?.then((role) => role.stop()).catch(() => {});
    process.exit(1);
  }
}

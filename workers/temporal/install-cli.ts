import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { acquireLock, type LockFile, LockHeldError } from '../lock-file';
import { packageRoot } from '../paths';
import { isExecutable } from './executable';
import { runCommand } from './run-command';

export const CLI_VERSION = '1.5.1';
const GO_PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const SAY_EVERY_MS = 10_000;
const LOCK_POLL_MS = 500;

export interface InstallOptions {
  /** Where the command is to be: `<folder>/temporal`. */
  folder: string;
  /** The `go` command; null where there is none. */
  go: string | null;
  say: (message: string) => void;
  signal?: AbortSignal;
}

/**
 * Puts the `temporal` command into the cache: built with Go where there is Go, else downloaded.
 * Processes that ask at the same time wait for the first; the command appears by one rename.
 * @throws Error that tells what was tried and what to do
 */
export async function installCli(options: InstallOptions): Promise<string> {
  const { folder, say, signal } = options;
  const target = join(folder, 'temporal');
  const lock = await waitForLock(folder, say, signal);
  const aside = mkdtempSync(join(folder, 'install-'));
  try {
    if (isExecutable(target)) return target;
    renameSync(await fetchCli(aside, options), target);
    return target;
  } finally {
    rmSync(aside, { recursive: true, force: true });
    lock.release();
  }
}

async function fetchCli(aside: string, options: InstallOptions): Promise<string> {
  const tried = options.go === null ? ['  build: there is no `go` on the PATH'] : [];
  for (const way of options.go === null ? [download] : [build, download]) {
    try {
      return await way(aside, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      tried.push(`  ${way.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(
    `there is no Temporal server, and none could be had:\n${tried.join('\n')}\n` +
      'Set TEMPORAL_ADDRESS to a server that is already there, or SIGNALBOX_TEMPORAL_CLI to a `temporal` command.',
  );
}

async function build(aside: string, { go, say, signal }: InstallOptions): Promise<string> {
  const what = `Building the Temporal server ${CLI_VERSION} with Go (about 5 minutes on 2 cores, once per machine)`;
  const command = ['env', `GOBIN=${aside}`, go ?? 'go', 'install', `${GO_PACKAGE}@v${CLI_VERSION}`];
  await saying(what, say, runCommand(command[0] ?? 'env', command.slice(1), signal));
  return executable(join(aside, 'temporal'));
}

async function download(aside: string, { say, signal }: InstallOptions): Promise<string> {
  const script = join(packageRoot(), 'cli', 'download-temporal.mjs');
  const what = `Downloading the Temporal server ${CLI_VERSION}`;
  const args = [script, aside, `v${CLI_VERSION}`];
  return executable((await saying(what, say, runCommand(process.execPath, args, signal))).trim());
}

function executable(path: string): string {
  chmodSync(path, 0o755);
  return path;
}

async function waitForLock(
  folder: string,
  say: (message: string) => void,
  signal?: AbortSignal,
): Promise<LockFile> {
  mkdirSync(folder, { recursive: true });
  let saidAt = Date.now();
  for (;;) {
    try {
      return acquireLock(folder, 'install');
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      if (Date.now() - saidAt >= SAY_EVERY_MS) {
        say(`Waiting for the process ${error.pid}, which is installing the Temporal server`);
        saidAt = Date.now();
      }
    }
    await pause(LOCK_POLL_MS, undefined, { signal });
  }
}

/** Says what is being waited for, at once and every ten seconds. */
async function saying<T>(what: string, say: (message: string) => void, work: Promise<T>): Promise<T> {
  const began = Date.now();
  say(`${what} …`);
  const timer = setInterval(() => say(`${what}: ${Math.round((Date.now() - began) / 1000)} s`), SAY_EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

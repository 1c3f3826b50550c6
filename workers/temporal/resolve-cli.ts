import { join } from 'node:path';
import type { Environment } from '../config/environment';
import { findOnPath, isExecutable } from './executable';
import { CLI_VERSION, installCli } from './install-cli';
import { runCommand } from './run-command';

// Older ones lack Updates that come with a start, and their database schema differs.
const SERVER_AT_LEAST = [1, 28] as const;

export type CliEnvironment = Pick<Environment, 'temporalCli' | 'searchPath' | 'cacheDir'>;

export const cliCacheDir = (cacheDir: string) => join(cacheDir, 'signalbox', 'temporal', CLI_VERSION);

/**
 * Finds the `temporal` command, or gets it: the one named, the one on the PATH, the cached one, one
 * built with Go, one downloaded.
 * @param say is told what is being waited for, every ten seconds
 * @throws Error that tells what was tried and what to do
 */
export async function resolveTemporalCli(
  environment: CliEnvironment,
  say: (message: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const { temporalCli, searchPath, cacheDir } = environment;
  if (temporalCli !== null) return named(temporalCli);

  const onPath = findOnPath('temporal', searchPath);
  if (onPath !== null) {
    const version = await serverVersion(onPath);
    if (isRecent(version)) return onPath;
    say(
      `Not using ${onPath}: it brings server ${version ?? 'of unknown version'}, ${SERVER_AT_LEAST.join('.')} is needed`,
    );
  }

  const folder = cliCacheDir(cacheDir);
  const cached = join(folder, 'temporal');
  if (isExecutable(cached)) return cached;
  return installCli({ folder, go: findOnPath('go', searchPath), say, signal });
}

function named(path: string): string {
  if (isExecutable(path)) return path;
  throw new Error(`SIGNALBOX_TEMPORAL_CLI: expected a program, but ${path} is none`);
}

/** `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)` */
async function serverVersion(binary: string): Promise<string | null> {
  const text = await runCommand(binary, ['--version']).catch(() => '');
  return /\(Server (\d+\.\d+)/.exec(text)?.[1] ?? null;
}

export function isRecent(version: string | null): boolean {
  if (version === null) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > SERVER_AT_LEAST[0] || (major === SERVER_AT_LEAST[0] && minor >= SERVER_AT_LEAST[1]);
}

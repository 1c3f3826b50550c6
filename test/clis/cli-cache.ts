/** Real CLIs from the npm registry, each version fetched once into the user's cache directory. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface CliPackage {
  /** As the host calls it. */
  program: string;
  package: string;
  version: string;
  /** Package with the program for one platform, below the scope of `package`; its version is fixed by `package`. */
  native: string;
  /** Path of the program below `native`. */
  binary: string;
}

const platform = `${process.platform}-${process.arch}`;
const triple = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl`;

export const CODEX: CliPackage = {
  program: 'codex',
  package: '@openai/codex',
  version: '0.169.0',
  native: `@openai/codex-${platform}`,
  binary: `vendor/${triple}/bin/codex`,
};

export const CLAUDE: CliPackage = {
  program: 'claude',
  package: '@anthropic-ai/claude-code',
  version: '2.1.197',
  native: `@anthropic-ai/claude-code-${platform}`,
  binary: 'claude',
};

const cacheHome = (): string => {
  const given = process.env.XDG_CACHE_HOME;
  return given?.startsWith('/') ? given : join(homedir(), '.cache');
};

/**
 * The directory that holds the program. Only platform packages carry it, so it is used from there: no script of
 * a package runs.
 * @throws Error when the registry cannot be reached, or has no build for this platform
 */
export async function fetchCli(cli: CliPackage): Promise<string> {
  const folder = join(cacheHome(), 'signalbox', 'clis', `${cli.package.replace(/^.*\//, '')}-${cli.version}`);
  const binary = join('node_modules', cli.native, cli.binary);
  if (!existsSync(join(folder, binary))) await install(cli, folder, binary);
  return join(folder, dirname(binary));
}

/** Moved to its place only when it is whole: a fetch that was cut short is not taken for a cache. */
async function install(cli: CliPackage, folder: string, binary: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}.new-`);
  try {
    const wanted = `${cli.package}@${cli.version}`;
    const options = ['--ignore-scripts', '--no-save', '--include=optional', '--no-audit', '--no-fund'];
    await promisify(execFile)('npm', ['install', '--prefix', fresh, ...options, wanted]);
    if (!existsSync(join(fresh, binary))) throw new Error(`${wanted}: no ${binary} for ${platform}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

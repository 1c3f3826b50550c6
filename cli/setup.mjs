// Run by every npm script before anything else, without dependencies: checks Node, installs what
// package-lock.json says, compiles. Each step only when it is needed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const NODE_AT_LEAST = [20, 19];

/** Null when this Node will do, else what to tell. */
export function nodeComplaint(version) {
  const [major, minor] = version.split('.').map(Number);
  const [wantMajor, wantMinor] = NODE_AT_LEAST;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return null;
  return `Signalbox needs Node.js ${NODE_AT_LEAST.join('.')} or newer; this is ${version}. See https://nodejs.org/en/download`;
}

/**
 * Whether node_modules holds what the lockfile says, by npm's own record of what it installed,
 * which it writes last. Optional packages are for other platforms and may be missing.
 */
export function isInstalled(folder) {
  const wanted = readPackages(join(folder, 'package-lock.json'));
  const installed = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === null || installed === null) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true;
    return found.version === version && (integrity === undefined || found.integrity === integrity);
  });
}

function readPackages(file) {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

function install(folder) {
  console.log('Installing dependencies (npm ci) …');
  // Every native part comes as a prebuilt package: no script needs to run.
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw new Error(`npm ci failed${error ? `: ${error.message}` : ''}`);
}

export async function setUp() {
  const complaint = nodeComplaint(process.versions.node);
  if (complaint !== null) throw new Error(complaint);
  if (!isInstalled(root)) install(root);
  const { build } = await import('./build.mjs');
  await build({ say: (what) => console.log(`${what} …`) });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setUp();
  } catch (error) {
    console.error(`Set-up failed: ${error.message}`);
    process.exit(1);
  }
}

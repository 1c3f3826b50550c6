// Compiles into dist/ and bundles the workflows, each only when its sources changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp.json');
const bundleFile = join(dist, 'workflow-bundle.js');

/** Folders whose changes call for a build. */
export const WATCHED = [
  'contracts',
  'workflows',
  'activities',
  'dispatch',
  'workers',
  'api',
  'agent',
  'cli',
  'bench',
  'examples',
];
// Workflows take only types from contracts, which leave no trace in the bundle.
const BUNDLED = ['workflows'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** @returns what was done: nothing, when all was up to date */
export async function build({ force = false, say = () => {} } = {}) {
  const unlock = await holdLock(
    join(tmpdir(), `signalbox-build-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`),
  );
  try {
    const before = force ? {} : readStamp();
    const now = { compiled: hashOf(WATCHED), bundled: hashOf(BUNDLED) };
    const compiles = before.compiled !== now.compiled || !existsSync(join(dist, 'cli', 'main.js'));
    const bundles = before.bundled !== now.bundled || !existsSync(bundleFile);
    if (compiles) {
      say('Compiling');
      compile();
    }
    if (bundles) {
      say('Bundling the workflows');
      await bundle();
    }
    if (compiles || bundles) writeFileSync(stampFile, JSON.stringify(now));
    return { compiled: compiles, bundled: bundles };
  } finally {
    unlock();
  }
}

/** Without checking types, which is for `npm run check` and `npm run build`. */
function compile() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const args = [tsc, '--project', join(root, 'tsconfig.build.json'), '--noCheck', '--listEmittedFiles'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`the compiler failed:\n${stdout.replace(/^TSFILE: .*\n/gm, '')}${stderr}`);
  const emitted = [...stdout.matchAll(/^TSFILE: +(.+)$/gm)].map(([, path]) => resolve(root, path));
  prune(emitted);
}

/** Removes what earlier builds left and this one does not make. */
function prune(emitted) {
  const kept = new Set([...emitted, bundleFile, stampFile]);
  for (const file of filesIn(dist)) {
    if (!kept.has(file)) rmSync(file);
  }
}

async function bundle() {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const logger = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'workflows', 'index.ts'), logger });
  mkdirSync(dist, { recursive: true });
  writeFileSync(bundleFile, code);
}

function hashOf(folders) {
  const hash = createHash('sha256');
  const files = [
    ...SETTINGS.map((name) => join(root, name)),
    ...folders.flatMap((folder) => filesIn(join(root, folder))),
  ];
  for (const file of files.filter(existsSync)) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * Two set-ups at once would write the same files. The lock of a process that died is taken over.
 * @param lock path of a file, in a directory that is there
 * @returns what gives it back
 */
export async function holdLock(lock) {
  const aside = `${lock}.${process.pid}`;
  writeFileSync(aside, String(process.pid));
  try {
    for (;;) {
      try {
        linkSync(aside, lock);
        return () => rmSync(lock, { force: true });
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      if (!ownerLives(lock)) rmSync(lock, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    rmSync(aside, { force: true });
  }
}

function ownerLives(lock) {
  try {
    return process.kill(Number(readFileSync(lock, 'utf8')), 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build({ force: process.argv.includes('--force'), say: console.log });
}

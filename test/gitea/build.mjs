// Builds the Gitea server that tests start, once per machine, into the user's cache directory, and prints the folder
// where it is: the program, and beside it the files that it reads. Needs Go, a C compiler and the Go module proxy.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock } from '../../cli/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const MODULE = 'code.gitea.io/gitea';
const TAGS = 'sqlite sqlite_unlock_notify';
const READ_AT_RUN_TIME = ['templates', 'options', 'public'];
const SAY_EVERY_MS = 30_000;
const ERROR_TAIL = 4_000;

const goMod = readFileSync(join(here, 'go.mod'), 'utf8');
const version = new RegExp(`require ${MODULE} v(\\S+)`).exec(goMod)?.[1];
const inputs = createHash('sha256').update(goMod).update(TAGS).digest('hex').slice(0, 12);

const given = process.env.XDG_CACHE_HOME;
const cache = given?.startsWith('/') ? given : join(homedir(), '.cache');
const folder = join(cache, 'signalbox', 'gitea', `${version}-${inputs}`);

const say = (text) => process.stderr.write(`${text}\n`);
const isThere = () => existsSync(join(folder, 'gitea'));

async function build() {
  const what = `Building Gitea ${version} with Go (some 10 minutes on 2 cores, once per machine)`;
  say(`${what} …`);
  const began = Date.now();
  const timer = setInterval(() => say(`${what}: ${Math.round((Date.now() - began) / 1000)} s`), SAY_EVERY_MS);
  const aside = mkdtempSync(`${folder}.new-`);
  try {
    const flags = ['-tags', TAGS, '-ldflags', `-s -w -X main.Version=${version}`];
    await go('build', ...flags, '-o', join(aside, 'gitea'), MODULE);
    const source = (await go('list', '-m', '-f', '{{.Dir}}', MODULE)).trim();
    for (const name of READ_AT_RUN_TIME)
      cpSync(join(source, name), join(aside, 'static', name), { recursive: true });
    // What Go keeps is read-only.
    execFileSync('chmod', ['-R', 'u+w', aside]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
    say(`Gitea was built in ${Math.round((Date.now() - began) / 1000)} s`);
  } finally {
    clearInterval(timer);
    rmSync(aside, { recursive: true, force: true });
  }
}

function go(...args) {
  return new Promise((resolve, reject) => {
    // A Go that is older than the module asks for fetches the right one as a module.
    const env = { ...process.env, GOTOOLCHAIN: 'auto', CGO_ENABLED: '1', GOWORK: 'off' };
    const child = spawn('go', args, { cwd: here, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err = (err + chunk).slice(-ERROR_TAIL);
    });
    child.once('error', (error) => reject(error.code === 'ENOENT' ? new Error(NO_GO) : error));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`go ${args[0]} ended with ${signal ?? code}:\n${err.trim()}`));
    });
  });
}

const NO_GO =
  'tests of the forge run a Gitea server, which is built with Go, and there is no `go` on the PATH. ' +
  'Install Go 1.21 or newer (Debian: golang-go) and a C compiler';

async function main() {
  if (!isThere()) {
    mkdirSync(dirname(folder), { recursive: true });
    const unlock = await holdLock(`${folder}.lock`);
    try {
      // Whoever held the lock may have built it.
      if (!isThere()) await build();
    } finally {
      unlock();
    }
  }
  process.stdout.write(`${folder}\n`);
}

main().catch((error) => {
  say(`No Gitea: ${error.message}`);
  process.exitCode = 1;
});

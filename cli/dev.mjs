// `npm run dev`: compiles and restarts whenever a source changes.
import { spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { build, root, WATCHED } from './build.mjs';

// An editor that saves several files, or a checkout, counts as one change.
const QUIET_MS = 200;

let child = null;
let timer = null;
let busy = Promise.resolve();
let stopping = false;

function start() {
  child = spawn(process.execPath, ['dist/cli/main.js', 'start'], { cwd: root, stdio: 'inherit' });
  child.once('exit', (code) => {
    child = null;
    if (!stopping && code !== 0) console.log(`Ended with ${code}; waiting for a change …`);
  });
}

async function stop() {
  if (child === null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function rebuild() {
  try {
    const { compiled, bundled } = await build({ say: (what) => console.log(`${what} …`) });
    if (!compiled && !bundled) return;
  } catch (error) {
    // What runs goes on running until the sources compile again.
    console.error(error.message);
    return;
  }
  await stop();
  if (!stopping) start();
}

for (const folder of WATCHED.map((name) => join(root, name)).filter(existsSync)) {
  watch(folder, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      busy = busy.then(rebuild);
    }, QUIET_MS);
  });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    stopping = true;
    await busy;
    await stop();
    process.exit(0);
  });
}

start();

/** Starts the whole of Signalbox as a process of its own, the way `npm start` does, and stops it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Beside this file in what was compiled. */
const COMMAND = join(__dirname, '..', '..', 'cli', 'main.js');
const READY_TIMEOUT_MS = 15 * 60_000;
const STOP_TIMEOUT_MS = 30_000;

export interface System {
  url: string;
  /** Of the process that plays every role; the Temporal server is a process of its own below it. */
  pid: number;
  /** Where the Temporal UI is, as the system printed it. */
  temporalUi: string | null;
  stop(): Promise<void>;
}

/** Below those that kernels give to whoever asks for any: what starts before the API asks for several. */
const PORTS = { from: 15_000, count: 15_000 };

export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

export async function startSystem(options: {
  stateDir: string;
  configFile: string;
  adminToken: string;
  onLine: (line: string) => void;
  /** More variables of the environment. */
  variables?: Record<string, string>;
}): Promise<System> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [COMMAND, 'start'], {
    env: {
      ...process.env,
      SIGNALBOX_PORT: String(port),
      SIGNALBOX_STATE_DIR: options.stateDir,
      SIGNALBOX_CONFIG: options.configFile,
      SIGNALBOX_ADMIN_TOKEN: options.adminToken,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      ...options.variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let temporalUi: string | null = null;
  const read = (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) {
      temporalUi ??= /Temporal UI\s+(http\S+)/.exec(line)?.[1] ?? null;
      options.onLine(line);
    }
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  await untilReady(child, url);
  return {
    url,
    pid: child.pid ?? 0,
    get temporalUi() {
      return temporalUi;
    },
    stop: () => stop(child),
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`Signalbox ended with exit code ${child.exitCode} before it was ready`);
    const ready = await fetch(`${url}/ready`).catch(() => null);
    if (ready?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop(child);
  throw new Error(`Signalbox was not ready within ${READY_TIMEOUT_MS / 60_000} minutes`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  const code = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`Signalbox did not stop cleanly: exit code ${code}`);
}

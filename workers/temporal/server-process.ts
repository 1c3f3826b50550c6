import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** One life of the server, under a guard that ends it when this process dies, however it dies. */
export interface ServerProcess {
  /** Of the guard, which leads the process group in which the server is. */
  guardPid: number;
  /** Of the server itself. */
  pid: number;
  /** Resolves with a description of how it ended, when nothing of the group is left. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

const TERM_SECONDS = 3;

/**
 * The guard's input is a pipe that only our process holds. Its end, by our exit or by kill -9,
 * makes the guard's watcher stop the server. Our own signals do not reach it: it is in a session
 * of its own, so that Ctrl-C stops the workers first and the server last.
 */
const GUARD = `
exec 4<&0
"$@" 3>&- 4<&- </dev/null &
server=$!
echo "$server" >&3
exec 3>&-
(
  read -r _ <&4
  kill -TERM "$server"
  tenths=0
  while [ "$tenths" -lt ${TERM_SECONDS * 10} ] && kill -0 "$server"; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  kill -KILL "$server"
) >/dev/null 2>&1 &
watcher=$!
exec 4<&-
wait "$server"
status=$?
kill -KILL "$watcher"
exit "$status"
`;

/** @throws Error when the guard or the server cannot be started at all */
export async function spawnServer(binary: string, args: string[], logFile: string): Promise<ServerProcess> {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const guard = spawn('sh', ['-c', GUARD, 'signalbox-temporal', binary, ...args], {
      detached: true,
      stdio: ['pipe', log, log, 'pipe'],
    });
    const exited = untilGone(guard);
    const pid = await readPid(guard);
    return { guardPid: guard.pid ?? 0, pid, exited, stop: () => stop(guard, exited) };
  } finally {
    closeSync(log);
  }
}

async function untilGone(guard: ChildProcess): Promise<string> {
  const how = await new Promise<string>((resolve) => {
    guard.once('error', (error) => resolve(error.message));
    guard.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  // A guard that was killed leaves its server behind.
  killGroup(guard);
  return how;
}

async function readPid(guard: ChildProcess): Promise<number> {
  const pipe = guard.stdio[3] as Readable;
  let text = '';
  for await (const chunk of pipe) text += String(chunk);
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid)) throw new Error('the guard of the Temporal server did not start');
  return pid;
}

async function stop(guard: ChildProcess, exited: Promise<string>): Promise<void> {
  guard.stdin?.end();
  const late = setTimeout(() => killGroup(guard), (TERM_SECONDS + 2) * 1000);
  await exited;
  clearTimeout(late);
}

function killGroup(guard: ChildProcess): void {
  if (guard.pid === undefined) return;
  try {
    process.kill(-guard.pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}

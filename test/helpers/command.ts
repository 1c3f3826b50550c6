import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { waitUntil } from './wait-until';

const ROOT = join(__dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'cli', 'main.js');

export interface RunningCommand {
  child: ChildProcess;
  pid: number;
  /** Standard output and error so far. */
  output(): string;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  ended: Promise<number | string>;
  /** Waits until the output matches; fails at once when the process ends before. */
  said(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  /** Ends it by this signal and waits until it is gone; does nothing when it is gone already. */
  kill(signal?: NodeJS.Signals): Promise<number | string>;
}

/** Runs `signalbox <args>` as compiled, in a process of its own, with these variables besides our own. */
export function runSignalbox(args: string[], variables: Record<string, string> = {}): RunningCommand {
  return runCommand(process.execPath, [CLI, ...args], variables);
}

/** Runs a program in the project's folder, with these variables besides our own. */
export function runCommand(
  program: string,
  args: string[],
  variables: Record<string, string> = {},
  cwd = ROOT,
): RunningCommand {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  let gone = false;
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      gone = true;
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    child,
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    async said(pattern, timeoutMs = 120_000) {
      const match = await waitUntil(() => output.match(pattern) ?? gone, {
        timeoutMs,
        what: `${pattern} in the output of ${args.join(' ')}, which is:\n${output}`,
      });
      if (match !== true) return match;
      throw new Error(`${args.join(' ')} ended before it said ${pattern}:\n${output}`);
    },
    async kill(signal = 'SIGTERM') {
      if (!gone) child.kill(signal);
      return ended;
    },
  };
}

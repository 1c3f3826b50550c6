import { type ChildProcess, spawn } from 'node:child_process';
import { AbortScope } from './abort-scope';
import {
  ConnectionLostError,
  DEFAULT_MAX_BYTES,
  type ExecOptions,
  type ExecResult,
  OutputLimitError,
  TimeLimitError,
  type Transport,
} from './transport';

/** How long a script that was asked to end may take before it is made to, in milliseconds. */
const ABORT_GRACE_MS = 2_000;

/** The machine this process runs on. `env` is the whole environment of the scripts (see host-environment). */
export class LocalTransport implements Transport {
  /** What ends each script that runs, and when it has. */
  private readonly running = new Map<AbortController, Promise<unknown>>();
  private closed = false;

  constructor(private readonly options: { env: Record<string, string> }) {}

  async exec(script: string, options: ExecOptions = {}): Promise<ExecResult> {
    options.signal?.throwIfAborted();
    if (this.closed) throw closedError();
    // A session of its own: Ctrl-C on the terminal must not stop a start half-way.
    const child = spawn('/bin/sh', ['-c', script], { cwd: '/', env: this.options.env, detached: true });
    const closing = new AbortController();
    const { timeout_ms } = options;
    const scope = new AbortScope(
      [closing.signal, options.signal],
      timeout_ms === undefined ? undefined : { ms: timeout_ms, reason: () => new TimeLimitError(timeout_ms) },
    );
    const ended = collect(child, { ...options, signal: scope.signal });
    this.running.set(
      closing,
      ended.catch(() => undefined),
    );
    try {
      return await ended;
    } finally {
      scope.dispose();
      this.running.delete(closing);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const closing of this.running.keys()) closing.abort(closedError());
    await Promise.all(this.running.values());
  }
}

const closedError = () => new ConnectionLostError('the transport is closed');

function collect(child: ChildProcess, options: ExecOptions): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const limit = options.max_bytes ?? DEFAULT_MAX_BYTES;
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let stop: { reason: unknown; timer: NodeJS.Timeout } | null = null;

    const stopFor = (reason: unknown) => {
      stop ??= { reason, timer: endGroup(child) };
    };
    const onAbort = () => stopFor(options.signal?.reason);
    const settle = () => {
      options.signal?.removeEventListener('abort', onAbort);
      clearTimeout(stop?.timer);
    };
    const keep = (chunks: Buffer[]) => {
      let size = 0;
      return (chunk: Buffer) => {
        size += chunk.length;
        if (size > limit) stopFor(new OutputLimitError(limit));
        else chunks.push(chunk);
      };
    };

    options.signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout?.on('data', keep(out));
    child.stderr?.on('data', keep(err));
    // A script may end before it has read all of its input: its exit code tells the story.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin ?? '');
    child.once('error', (error) => {
      settle();
      reject(new ConnectionLostError(`/bin/sh could not be started: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      settle();
      if (stop !== null) reject(stop.reason);
      else if (code === null && signal === null) reject(new ConnectionLostError('the script was lost'));
      else resolve({ code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err) });
    });
  });
}

function endGroup(child: ChildProcess): NodeJS.Timeout {
  signalGroup(child, 'SIGTERM');
  return setTimeout(() => signalGroup(child, 'SIGKILL'), ABORT_GRACE_MS);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already over.
  }
}

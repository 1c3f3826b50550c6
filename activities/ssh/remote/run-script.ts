import type { ClientChannel } from 'ssh2';
import { ConnectionLostError, DEFAULT_MAX_BYTES, type ExecResult, OutputLimitError } from '../transport';
import { Collector } from './collector';
import type { Connection } from './connection';
import { shellUnusable } from './errors';
import type { Frame } from './frame';
import { NotSentError } from './open-channel';

/** How long a script that was asked to end may take before it is made to, in milliseconds. */
const ABORT_GRACE_MS = 2_000;

export interface ScriptOptions {
  stdin?: Uint8Array | string;
  max_bytes?: number;
  signal: AbortSignal;
  /** Called before the first byte of the script is sent. */
  onSend(): void;
  /** Sends a signal to a process group on the host, by another channel. */
  signalGroup(pid: number, name: 'TERM' | 'KILL'): void;
}

/**
 * Sends a script over a channel that was opened for it and waits for its end. The channel may be closed later than
 * the waiting ends. Rejects as `Transport.exec` does.
 */
export function runScript(
  connection: Connection,
  channel: ClientChannel,
  frame: Frame,
  options: ScriptOptions,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const limit = options.max_bytes ?? DEFAULT_MAX_BYTES;
    const out = new Collector(frame.mark, limit);
    const err = new Collector(frame.mark, limit);
    let grace: NodeJS.Timeout | undefined;
    let stopped: { reason: unknown } | null = null;
    let settled = false;
    let sent = false;

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      options.signal.removeEventListener('abort', onAbort);
      finish();
    };
    const stop = (reason: unknown) => {
      if (stopped !== null) return;
      stopped = { reason };
      signalScript('TERM');
      grace = setTimeout(() => {
        kill();
        settle(() => reject(reason));
      }, ABORT_GRACE_MS);
      // Of a connection that may be dead no answer is waited for.
      if (reason instanceof ConnectionLostError) settle(() => reject(reason));
    };
    // The protocol has signals too, but sshd refuses them for root and for forced commands, and ssh2 sends none
    // once the input was ended: what it can do is taken along where the pid is not known yet.
    const signalScript = (name: 'TERM' | 'KILL') => {
      if (out.pid === null) channel.signal(name);
      else options.signalGroup(out.pid, name);
    };
    // As soon as it is known which process that is: the login may take longer than the patience.
    let killed = false;
    const kill = () => {
      if (stopped === null || out.pid === null || killed) return;
      killed = true;
      signalScript('KILL');
      channel.close();
    };
    const onAbort = () => stop(options.signal.reason);
    channel.on('data', (chunk: Buffer) => {
      if (!out.take(chunk)) stop(new OutputLimitError(limit));
      if (settled) kill();
    });
    channel.stderr.on('data', (chunk: Buffer) => err.take(chunk) || stop(new OutputLimitError(limit)));
    const unwatch = connection.onLost(() => {
      clearTimeout(grace);
      if (sent) settle(() => reject(stopped?.reason ?? new ConnectionLostError('the connection was lost')));
    });
    // Input that nobody reads any more: the exit code tells the story.
    channel.on('error', () => undefined);
    channel.once('close', (code: number | null | undefined, signal?: string) => {
      clearTimeout(grace);
      unwatch();
      settle(() => {
        if (stopped !== null) reject(stopped.reason);
        else if (code === undefined) reject(new ConnectionLostError('the end of the script was not seen'));
        else if (out.pid === null) reject(shellUnusable(code, signal ?? null, err.noise));
        else resolve({ code, signal: signal ?? null, stdout: out.bytes(), stderr: err.bytes() });
      });
    });
    if (connection.lost) return settle(() => reject(new NotSentError('the connection was lost')));
    if (options.signal.aborted) {
      // What was begun there reads an empty script, and ends.
      channel.close();
      return settle(() => reject(options.signal.reason));
    }
    options.signal.addEventListener('abort', onAbort, { once: true });
    sent = true;
    options.onSend();
    channel.write(frame.head);
    // Kept open where the script has no input of its own: signals go through an open channel only.
    if (options.stdin !== undefined) channel.end(options.stdin);
  });
}

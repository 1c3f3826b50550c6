import type { ClientChannel } from 'ssh2';
import { ConnectionLostError, DEFAULT_MAX_BYTES, type ExecResult, OutputLimitError } from '../transport';
import { Collector } from './collector';
import type { Connection } from './connection';
import { shellUnusable } from './errors';
import { shellRequest } from './frame';
import { NotSentError } from './open-channel';
import type { ScriptOptions } from './run-script';

type Options = Pick<ScriptOptions, 'max_bytes' | 'signal' | 'onSend' | 'signalGroup'>;

interface Current {
  out: Collector;
  err: Collector;
  settle: (finish: () => void) => void;
  resolve: (result: ExecResult) => void;
  reject: (reason: unknown) => void;
  limit: number;
  signalGroup: ScriptOptions['signalGroup'];
}

/** A shell on the host that runs one script at a time, and stays for the next. */
export class KeptShell {
  /** No further script can be run in it. */
  over = false;
  private current: Current | null = null;
  /** The script that was given up and took the shell with it. */
  private ending: Current | null = null;
  private ran = false;

  constructor(
    readonly connection: Connection,
    private readonly channel: ClientChannel,
    private readonly onOver: (shell: KeptShell) => void,
  ) {
    channel.on('data', (chunk: Buffer) => this.take('out', chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.take('err', chunk));
    channel.on('error', () => undefined);
    const unwatch = connection.onLost(() =>
      this.end(() => new ConnectionLostError('the connection was lost')),
    );
    channel.once('close', (code: number | null | undefined, signal?: string) => {
      unwatch();
      this.end(({ out, err }) =>
        code !== undefined && out.pid === null && !this.ran
          ? shellUnusable(code, signal ?? null, err.noise)
          : new ConnectionLostError('the shell on the host has ended'),
      );
    });
  }

  /** Rejects as `Transport.exec` does, and with NotSentError. A script that is given up takes the shell with it. */
  run(script: string, options: Options): Promise<ExecResult> {
    return new Promise((resolve, reject) => {
      if (this.over) return reject(new NotSentError('the shell on the host has ended'));
      const { signal } = options;
      const { bytes, mark } = shellRequest(script);
      const limit = options.max_bytes ?? DEFAULT_MAX_BYTES;
      const onAbort = () => this.end(() => signal.reason);
      const current: Current = {
        out: new Collector(mark, limit + END_BYTES),
        err: new Collector(mark, limit + END_BYTES),
        limit,
        signalGroup: options.signalGroup,
        resolve,
        reject,
        settle: (finish) => {
          signal.removeEventListener('abort', onAbort);
          this.current = null;
          finish();
        },
      };
      this.current = current;
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      options.onSend();
      this.channel.write(bytes);
    });
  }

  close(): void {
    this.end(() => new ConnectionLostError('the shell was closed'));
  }

  private take(stream: 'out' | 'err', chunk: Buffer): void {
    const { current } = this;
    if (this.ending !== null) {
      if (this.ending.out.pid === null && stream === 'out') this.ending.out.take(chunk);
      this.finish();
      return;
    }
    // Before its first script: what the login shell printed.
    if (current === null) return;
    const { out, err, limit } = current;
    if (!current[stream].take(chunk)) {
      this.end(() => new OutputLimitError(limit));
      return;
    }
    const code = out.endCode();
    if (code === null || err.endCode() === null) return;
    this.ran = true;
    // A shell says by 128 + number that a signal ended its child.
    const result = { code, signal: null, stdout: out.bytesBefore(code), stderr: err.bytesBefore(code) };
    current.settle(() => current.resolve(result));
  }

  private end(reason: (current: Current) => unknown): void {
    const { current } = this;
    if (current !== null) current.settle(() => current.reject(reason(current)));
    if (this.over) return;
    this.over = true;
    this.channel.end();
    this.ending = current;
    this.finish();
    this.onOver(this);
  }

  /** Ends what runs, as soon as it is known which process that is: the login may take longer than the patience. */
  private finish(): void {
    const { ending } = this;
    if (ending !== null) {
      if (ending.out.pid === null) return;
      ending.signalGroup(ending.out.pid, 'TERM');
    }
    this.channel.close();
  }
}

/** What follows the output of a script. */
const END_BYTES = 64;

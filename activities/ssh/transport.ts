export interface ExecOptions {
  stdin?: Uint8Array | string;
  /** Stops waiting. What runs on the host is asked to end, but may go on: scripts must bear both. */
  signal?: AbortSignal;
  /** Most bytes of stdout, and of stderr, that are taken; more is an `OutputLimitError`. */
  max_bytes?: number;
  /** Goes before what is queued for a place on the connection: for what stops runs, and for probes. */
  urgent?: boolean;
  /** Comes again and again, such as a look at a run: worth a shell that stays. Has no `stdin`. */
  often?: boolean;
  /** May take minutes: few of these run at one time, so that short ones are never kept waiting. */
  long?: boolean;
  /** Gives up when the end was not seen by then, in milliseconds: a `ConnectionLostError`. */
  timeout_ms?: number;
}

export interface ExecResult {
  /** null when a signal ended the script. */
  code: number | null;
  signal: string | null;
  stdout: Buffer;
  stderr: Buffer;
}

/** A way to run POSIX sh on a host. All paths above it are strings that only the host's sh touches. */
export interface Transport {
  /**
   * Runs a script in a sh of its own, started in `/` with nothing of Signalbox's environment; at most 128 KiB
   * of script, the rest goes by stdin. Without `stdin` its input is empty.
   * Rejects with `ConnectionLostError` when the end of the script was not seen, with a `HostConnectError` when it
   * never began, and with the signal's reason when aborted.
   */
  exec(script: string, options?: ExecOptions): Promise<ExecResult>;
  /** Ends what is still waited for. */
  close(): Promise<void>;
}

/** Most bytes of a script. */
export const SCRIPT_MAX_BYTES = 131_072;

/** The script's end was not seen: it may have run, in part or whole, or not at all. */
export class ConnectionLostError extends Error {
  readonly code = 'connection_lost';
}

export class TimeLimitError extends ConnectionLostError {
  constructor(ms: number) {
    super(`no end was seen within ${ms} ms`);
  }
}

export class OutputLimitError extends Error {
  readonly code = 'output_limit';

  constructor(limit: number) {
    super(`a script printed more than ${limit} bytes`);
  }
}

/** Scripts print headers and small lists; only the follower reads more, and says so. */
export const DEFAULT_MAX_BYTES = 1_048_576;

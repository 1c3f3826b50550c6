export interface ExecOptions {
  stdin?: Uint8Array | string;
  /** Stops waiting. What runs on the host is asked to end, but may go on: scripts must bear both. */
  signal?: AbortSignal;
  /** Most bytes of stdout, and of stderr, that are taken; more is an `OutputLimitError`. */
  max_bytes?: number;
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
   * Runs a script by `sh -c` with a clean environment; at most 128 KiB of script, the rest goes by stdin.
   * Rejects with `ConnectionLostError` when the end of the script was not seen, and with the signal's
   * reason when aborted.
   */
  exec(script: string, options?: ExecOptions): Promise<ExecResult>;
  /** Ends what is still waited for. */
  close(): Promise<void>;
}

/** The script's end was not seen: it may have run, in part or whole, or not at all. */
export class ConnectionLostError extends Error {
  readonly code = 'connection_lost';
}

export class OutputLimitError extends Error {
  readonly code = 'output_limit';

  constructor(limit: number) {
    super(`a script printed more than ${limit} bytes`);
  }
}

/** Scripts print headers and small lists; only the follower reads more, and says so. */
export const DEFAULT_MAX_BYTES = 1_048_576;

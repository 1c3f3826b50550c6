import type { Receipt } from '../../../contracts/receipt';
import type { FailureCode } from './failures';
import type { Fields } from './fields';

export interface OutputEnd {
  /** null when the process left none: it was ended by a signal, or its record is gone. */
  exit_code: number | null;
  /** The end of standard error. It is read for a reason only where standard output gives none. */
  stderr: string;
  /** When the run ended, in milliseconds since 1970, for "try again in 3h"; default: now. */
  ended_at_ms?: number;
  /** Time zone of the host, an IANA name or an offset such as `+0200`, for "try again at 3:05 PM"; without it such a time is left out. */
  time_zone?: string;
}

export interface OutputFailure {
  code: FailureCode;
  /** What was said, bounded; with the end of stderr when the exit code was not 0. */
  message: string;
  /** What a person can do about it. */
  remedy: string;
  /** ISO 8601, for `quota` where it was told. */
  resets_at: string | null;
}

export type Warning =
  /** Success by its terminal event, though the process ended with another code than 0. */
  | 'nonzero_exit'
  /** At least one JSON value beyond LINE_MAX_BYTES was skipped. */
  | 'line_too_long'
  /** The output ends in the middle of a JSON value that came after the terminal event. */
  | 'unfinished_tail'
  /** Success without a final message. */
  | 'no_final_text'
  /** Success, but the CLI refused the agent some tools. */
  | 'permission_denials'
  /** Exactly 65 536 bytes and no end of line: some CLIs are cut there by a pipe. */
  | 'maybe_truncated';

export type Usage = NonNullable<Receipt['usage']>;

/** Exactly one of receipt (status completed) and failure is set; the rest is what was found on the way. */
export interface ParsedOutput {
  receipt: Receipt | null;
  failure: OutputFailure | null;
  warnings: Warning[];
  session_id: string | null;
  model: string | null;
  usage: Usage | null;
  /** The final message, also where the summary of the receipt is cut; at most TEXT_MAX characters. */
  text: string | null;
}

/** An event after which a CLI has nothing more to say. */
export type Terminal =
  | { ok: true }
  | {
      ok: false;
      /** null: to be found from the message. */
      code: FailureCode | null;
      /** When the message does not tell. */
      otherwise: FailureCode;
      message: string;
      resets_at: string | null;
    };

/** What the events of one stream say. Token counts include what came from a cache. */
export interface Reading {
  terminal: Terminal | null;
  text: string | null;
  /** Reported by the CLI, but not the end of it. */
  last_error: string | null;
  /** What it means for this CLI to end without a terminal event, if anything. */
  without_terminal: FailureCode | null;
  session_id: string | null;
  model: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
  duration_ms: number | null;
  changed_files: string[];
  permission_denials: number;
}

/** What the bytes of a stream were, whatever they said. */
export interface StreamFacts {
  bytes: number;
  /** JSON objects that were read. */
  objects: number;
  /** The last JSON value has no end. */
  unfinished: boolean;
  overlong: number;
  /** The end of what is not JSON. */
  noise: string;
  /** Any program may have printed it: only plain words of a limit or a login are taken for those of a CLI. */
  any_program: boolean;
}

/** Folds the JSON objects of one CLI; unknown ones are ignored. */
export interface EventReader {
  event(event: Fields): void;
  conclude(end: OutputEnd): Reading;
}

/** Longest JSON value that is kept in memory, in bytes; a longer one is skipped. */
export const LINE_MAX_BYTES = 4 * 1024 * 1024;
/** Longest final message that is kept, in characters. */
export const TEXT_MAX = 262_144;
/** A pipe holds this much; a CLI that exits without waiting for it is cut here. In bytes. */
export const PIPE_BYTES = 65_536;

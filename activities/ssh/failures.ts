import { ApplicationFailure } from '@temporalio/common';

/** `type` of the failures of startRun, followRun and killRun, and whether trying again can help. */
const RETRYABLE = {
  /** Another run is alive in the task's work directory. */
  work_dir_busy: true,
  /** The host did not answer; whether the script ran is not known. */
  host_unreachable: true,
  /** The input of the launcher was cut short. */
  input_incomplete: true,
  /** Every slot of the host is taken: another holder may have room, so this one is not tried again. */
  slots_full: false,
  template_unknown: false,
  /** An argument beyond 131 071 bytes, or with a NUL in it. */
  prompt_too_long: false,
  /** The body is a blob that is not there. */
  body_missing: false,
  attempt_id_invalid: false,
  /** The work directory could not be prepared; the message has git's words. */
  work_dir_failed: false,
  /** A kill came before the start. */
  killed: false,
  /** The run's record or its launcher is gone, and so is the run. */
  run_lost: false,
} as const;

export type HostFailureType = keyof typeof RETRYABLE;

export const isHostFailureType = (type: string): type is HostFailureType => Object.hasOwn(RETRYABLE, type);

/** Messages name places and limits, never a prompt. */
export const hostFailure = (type: HostFailureType, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: !RETRYABLE[type] });

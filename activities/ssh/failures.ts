import { ApplicationFailure } from '@temporalio/common';
import { CONNECT_FAILURES, isConnectFailure } from '../../workflows/rules/connect-failure';
import { HostConnectError } from './remote/errors';
import { ConnectionLostError } from './transport';

/** `type` of the failures of startRun, followRun and killRun, and whether trying again can help. */
const RETRYABLE = {
  /** Another run is alive in the task's work directory. */
  work_dir_busy: true,
  /** The host answered something else than it should. */
  host_unreachable: true,
  /** Whether the script ran is not known. */
  connection_lost: true,
  /** The input of the launcher was cut short. */
  input_incomplete: true,
  /** Every slot of the host is taken: another holder may have room, so this one is not tried again. */
  slots_full: false,
  template_unknown: false,
  /** An argument beyond 131 071 bytes, or with a NUL in it. */
  prompt_too_long: false,
  /** An argument holds a variable that has no value here. */
  template_value_missing: false,
  /** A value of the environment is named by the config file, and not there. */
  env_missing: false,
  /** The body, or what is known of the change, is a blob that is not there. */
  body_missing: false,
  attempt_id_invalid: false,
  /** The work directory could not be prepared; the message has git's words. */
  work_dir_failed: false,
  /** A kill came before the start. */
  killed: false,
  /** The run's record or its launcher is gone, and so is the run. */
  run_lost: false,
  connection_refused: !CONNECT_FAILURES.connection_refused,
  host_not_found: !CONNECT_FAILURES.host_not_found,
  connect_timeout: !CONNECT_FAILURES.connect_timeout,
  session_refused: !CONNECT_FAILURES.session_refused,
  shell_unusable: !CONNECT_FAILURES.shell_unusable,
  handshake_failed: !CONNECT_FAILURES.handshake_failed,
  auth_failed: !CONNECT_FAILURES.auth_failed,
  host_key_unknown: !CONNECT_FAILURES.host_key_unknown,
  host_key_mismatch: !CONNECT_FAILURES.host_key_mismatch,
} as const;

export type HostFailureType = keyof typeof RETRYABLE;

export const isHostFailureType = (type: string): type is HostFailureType => Object.hasOwn(RETRYABLE, type);

/** Messages name places and limits, never a prompt. */
export const hostFailure = (type: HostFailureType, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: !RETRYABLE[type] });

/** The failure that an error of a transport is. */
export function transportFailure(hostId: string, error: unknown): ApplicationFailure {
  const message = `host ${hostId}: ${error instanceof Error ? error.message : error}`;
  if (error instanceof HostConnectError) return hostFailure(error.code, message);
  return hostFailure(error instanceof ConnectionLostError ? 'connection_lost' : 'host_unreachable', message);
}

/** What was to be sent did not get through. */
export const neverBegan = (error: unknown): boolean =>
  error instanceof ApplicationFailure && isConnectFailure(error.type);

/** It says nothing about a run that was started before: that may be alive. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  (error.type === 'host_unreachable' || error.type === 'connection_lost' || neverBegan(error));

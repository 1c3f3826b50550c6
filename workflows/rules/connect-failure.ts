/**
 * Failures of reaching a host. In each of them the script that was to run was never begun, so this try started
 * nothing there. True: trying again cannot help, somebody has to put something right.
 */
export const CONNECT_FAILURES = {
  /** Nothing listens there, or it closed the connection at once. */
  connection_refused: false,
  host_not_found: false,
  connect_timeout: false,
  /** The server let no session open on a connection of its own. */
  session_refused: false,
  /** The login shell of the user did not run what it was given. */
  shell_unusable: false,
  /** No algorithm in common. */
  handshake_failed: true,
  auth_failed: true,
  host_key_unknown: true,
  host_key_mismatch: true,
} as const;

export type ConnectFailureCode = keyof typeof CONNECT_FAILURES;

export const isConnectFailure = (code: string | null | undefined): code is ConnectFailureCode =>
  typeof code === 'string' && Object.hasOwn(CONNECT_FAILURES, code);

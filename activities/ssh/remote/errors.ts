import { CONNECT_FAILURES, type ConnectFailureCode } from '../../../workflows/rules/connect-failure';

/**
 * A host could not be reached, or did not begin the script: nothing of it has run. The message says what to do
 * about it, and never holds a password or key material.
 */
export class HostConnectError extends Error {
  override readonly name = 'HostConnectError';

  constructor(
    readonly code: ConnectFailureCode,
    message: string,
  ) {
    super(message);
  }

  /** Trying again cannot help. */
  get final(): boolean {
    return CONNECT_FAILURES[this.code];
  }
}

/** What a server lets be known of an error on the way to a session. */
export interface RawFailure {
  /** Where it came from, as ssh2 says it: `client-socket`, `client-timeout`, `handshake`, … */
  level?: string;
  /** Of the system (`ECONNREFUSED`), or the number of a disconnect message. */
  code?: string | number;
  message: string;
}

const REFUSED_BY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENETUNREACH', 'EHOSTUNREACH', 'EACCES']);
const NOT_FOUND = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NONAME', 'EAI_FAIL']);

/** The error of one step on the way to `where` (`user@address:port`). */
export function connectError(where: string, raw: RawFailure): HostConnectError {
  const { level, code, message } = raw;
  if (typeof code === 'string' && NOT_FOUND.has(code)) {
    return new HostConnectError(
      'host_not_found',
      `${where}: the name does not resolve (${code}); check address in the config file, and DNS`,
    );
  }
  if (code === 'ETIMEDOUT' || level === 'client-timeout') {
    return new HostConnectError(
      'connect_timeout',
      `${where}: no answer in time; check that the machine is up, and firewalls on the way`,
    );
  }
  if (typeof code === 'string' && REFUSED_BY.has(code)) {
    return new HostConnectError(
      'connection_refused',
      `${where}: the connection was refused (${code}); check that sshd runs there, and the port`,
    );
  }
  if (/too many authentication failures/i.test(message)) {
    return new HostConnectError(
      'auth_failed',
      `${where}: too many keys were tried; name one with identity_file, or raise MaxAuthTries`,
    );
  }
  if (/no matching|handshake failed|unable to negotiate/i.test(message)) {
    return new HostConnectError(
      'handshake_failed',
      `${where}: no algorithm in common with the server (${message}); update the server`,
    );
  }
  return new HostConnectError(
    'connection_refused',
    `${where}: the server closed the connection before the login (${message}); ` +
      'check MaxStartups and what blocks addresses there, such as fail2ban',
  );
}

export function shellUnusable(code: number | null, signal: string | null, said: Buffer): HostConnectError {
  const words = said.toString().trim().slice(-300);
  return new HostConnectError(
    'shell_unusable',
    `the login shell did not run a script; it ended with ${code ?? signal}${words === '' ? '' : `: ${words}`}. ` +
      'Check the shell of the user, and forced commands in authorized_keys or sshd_config',
  );
}

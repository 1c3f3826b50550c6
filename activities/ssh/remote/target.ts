import type { HostKeyPolicy } from './host-key-check';

/** How one machine on the way is reached and logged in to. */
export interface SshHop {
  address: string;
  port: number;
  user: string;
  credentials: Credentials;
  hostKey: HostKeyPolicy;
}

export interface Credentials {
  /** Private keys, absolute paths; tried in this order. */
  identity_files: readonly string[];
  /** False: files that are not there are passed over. */
  identity_named: boolean;
  /** Path of the socket of an agent. */
  agent: string | null;
  password: PasswordSource | null;
}

export interface PasswordSource {
  /** What the config file says, for messages: `password_env BUILD_PASSWORD`. */
  named: string;
  /** null when it is not there. */
  read(): Promise<string | null>;
}

export interface SshTarget extends SshHop {
  jump: SshHop | null;
  /** From the first packet to a session that is logged in, a jump host included, in milliseconds. */
  connect_timeout_ms: number;
  /** Between two signs of life that are asked for, in milliseconds; three without an answer end the connection. */
  keepalive_ms: number;
}

export const whereOf = ({ user, address, port }: SshHop): string =>
  `${user}@${address.includes(':') ? `[${address}]` : address}:${port}`;

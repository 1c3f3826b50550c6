import type { ServerHostKeyAlgorithm } from 'ssh2';
import { HostConnectError } from './errors';
import { fingerprint, keyType, knownHostName, knownHostsLine } from './host-key';
import { type KnownKey, knownKeys } from './known-hosts';

/** Which keys of a server are accepted: these fingerprints, or what this known_hosts file says. */
export type HostKeyPolicy = { fingerprints: readonly string[] } | { file: string };

export interface HostKeyCheck {
  /** What to negotiate. */
  algorithms: ServerHostKeyAlgorithm[];
  /** null: accepted. */
  verify(key: Buffer): HostConnectError | null;
}

export interface ServerName {
  address: string;
  port: number;
}

/** For a pinned fingerprint. The server chooses which of its keys it shows, so the error says which it was. */
export function pinnedCheck(server: ServerName, fingerprints: readonly string[]): HostKeyCheck {
  return {
    algorithms: preferring([]),
    verify(key) {
      const seen = fingerprint(key);
      if (fingerprints.includes(seen)) return null;
      return new HostConnectError(
        'host_key_mismatch',
        `${at(server)} showed the ${keyType(key)} key ${seen}, but host_key_fingerprint is ` +
          `${fingerprints.join(' or ')}; if that key is the right one, put it there instead`,
      );
    },
  };
}

/** For a known_hosts file; `text` is what is in it, `file` its name for messages. */
export function knownHostsCheck(server: ServerName, file: string, text: string): HostKeyCheck {
  const keys = knownKeys(text, server.address, server.port);
  const good = keys.filter(({ revoked }) => !revoked);
  return {
    algorithms: preferring(good.map(({ type }) => type)),
    verify: (key) => verdict(server, file, keys, key),
  };
}

function verdict(server: ServerName, file: string, keys: KnownKey[], key: Buffer): HostConnectError | null {
  const same = keys.filter((known) => known.key.equals(key));
  const seen = `the ${keyType(key)} key ${fingerprint(key)}`;
  const revoked = same.find((known) => known.revoked);
  if (revoked) {
    return new HostConnectError(
      'host_key_mismatch',
      `${at(server)} showed ${seen}, which line ${revoked.line} of ${file} revokes`,
    );
  }
  if (same.length > 0) return null;
  const line = knownHostsLine(server.address, server.port, key);
  const known = keys.filter((other) => !other.revoked);
  if (known.length === 0) {
    return new HostConnectError(
      'host_key_unknown',
      `${at(server)} showed ${seen}, and ${file} has no key for ${knownHostName(server.address, server.port)}. ` +
        `Compare it with the machine (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then add this line: ${line}`,
    );
  }
  const had = known.map((other) => `line ${other.line}: ${other.type} ${fingerprint(other.key)}`).join(', ');
  return new HostConnectError(
    'host_key_mismatch',
    `${at(server)} showed ${seen}, but ${file} has another (${had}). The machine was set up anew, or someone ` +
      `stands in between. Only if you know why: remove what is there and add this line: ${line}`,
  );
}

const at = ({ address, port }: ServerName) => `${address}:${port}`;

const OFFERED: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/**
 * Those of known keys first: a server that has such a key shows it, so another that it may have too is not taken
 * for a change. The rest follow only so that an error can say which key was seen; it is refused all the same.
 */
function preferring(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const known = OFFERED.filter((algorithm) =>
    types.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm),
  );
  return [...known, ...OFFERED.filter((algorithm) => !known.includes(algorithm))];
}

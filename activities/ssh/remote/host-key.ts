import { createHash } from 'node:crypto';

/** A public host key as it comes over the wire (RFC 4253): a string with its type, then its numbers. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return 'unknown';
  const length = key.readUInt32BE(0);
  const type = key.toString('latin1', 4, 4 + length);
  return /^[A-Za-z0-9@.-]{1,64}$/.test(type) ? type : 'unknown';
}

/** As OpenSSH prints it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** How a host is named in known_hosts. */
export const knownHostName = (address: string, port: number): string =>
  port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;

export const knownHostsLine = (address: string, port: number, key: Buffer): string =>
  `${knownHostName(address, port)} ${keyType(key)} ${key.toString('base64')}`;

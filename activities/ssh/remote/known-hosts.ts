import { createHmac } from 'node:crypto';
import { keyType, knownHostName } from './host-key';

export interface KnownKey {
  /** In the file, from 1. */
  line: number;
  revoked: boolean;
  type: string;
  key: Buffer;
}

/**
 * The keys that a known_hosts file has for a host: by name, by pattern, or hashed. Authorities of certificates
 * are passed over, as are lines that cannot be read.
 */
export function knownKeys(text: string, address: string, port: number): KnownKey[] {
  const name = knownHostName(address, port);
  return text.split('\n').flatMap((line, index) => {
    const fields = line.trim().split(/[ \t]+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined;
    const [names, type, encoded] = fields;
    if (names === undefined || names.startsWith('#') || encoded === undefined) return [];
    if (marker !== undefined && marker !== '@revoked') return [];
    if (!namesMatch(names, name)) return [];
    const key = Buffer.from(encoded, 'base64');
    if (type === undefined || keyType(key) !== type) return [];
    return [{ line: index + 1, revoked: marker === '@revoked', type, key }];
  });
}

function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|')) return hashMatches(names, name);
  let matched = false;
  for (const pattern of names.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (matches(pattern.slice(1), name)) return false;
    } else if (matches(pattern, name)) matched = true;
  }
  return matched;
}

/** `|1|salt|HMAC-SHA1(salt, name)`, both in base64. */
function hashMatches(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function matches(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';

const CONTENT = /^sha256:([0-9a-f]{64})$/;
const OUTPUT = /^output:(.+)$/s;

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** Path of a blob below the store's directory; null for a ref that this store never made. */
export function blobPath(ref: string): string | null {
  const hex = CONTENT.exec(ref)?.[1];
  if (hex !== undefined) return join('sha256', hex.slice(0, 2), hex);
  const name = OUTPUT.exec(ref)?.[1];
  // Hashed, because an attempt id may hold slashes or be longer than a file name can be.
  if (name !== undefined) return join('output', sha256(name));
  return null;
}

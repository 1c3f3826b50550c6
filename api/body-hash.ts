/** The same request has the same hash, in whatever order its members came. */
import { createHash } from 'node:crypto';

export const bodyHash = (value: unknown) => createHash('sha256').update(canonical(value)).digest('hex');

/** An id that a repeat of the same Idempotency-Key finds again. Keys of two products never meet. */
export const idFromKey = (product: string, key: string) =>
  `key-${createHash('sha256').update(`${product}\0${key}`).digest('hex').slice(0, 32)}`;

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}

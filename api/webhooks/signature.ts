/** Is a delivery from who knows the secret? Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ForgeKind } from '../../contracts/forge';

/**
 * One header for each kind: Forgejo sends those of Gitea and GitHub too, and whoever may choose which one counts may
 * choose the weaker.
 */
const HEADERS: Record<ForgeKind, { name: string; form: RegExp }> = {
  forgejo: { name: 'x-forgejo-signature', form: /^([0-9a-f]{64})$/ },
  gitea: { name: 'x-gitea-signature', form: /^([0-9a-f]{64})$/ },
  github: { name: 'x-hub-signature-256', form: /^sha256=([0-9a-f]{64})$/ },
};

export const signatureHeader = (kind: ForgeKind) => HEADERS[kind].name;

/**
 * The HMAC-SHA256 that came, as 64 hex digits; null when there is none. A hook without a secret sends the header
 * empty (Forgejo, Gitea), which is none.
 */
export function signatureOf(kind: ForgeKind, headers: IncomingHttpHeaders): string | null {
  const { name, form } = HEADERS[kind];
  return form.exec(String(headers[name] ?? ''))?.[1] ?? null;
}

/** In constant time. An empty secret signs nothing. */
export function isSigned(secret: string, content: Uint8Array, signature: string): boolean {
  if (secret === '') return false;
  const expected = createHmac('sha256', secret).update(content).digest();
  const given = Buffer.from(signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** What of a body is signed, and where its JSON is. Pure. */
import type { ForgeKind } from '../../contracts/forge';

export interface SignedContent {
  signed: Uint8Array;
  json: string;
}

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/**
 * A hook of the content type "form" sends `payload=<JSON, percent-encoded>`. Forgejo and Gitea sign the JSON
 * (services/webhook/deliver.go), GitHub signs the bytes of the form.
 * @returns null when it is no such form
 */
export function signedContent(
  kind: ForgeKind,
  contentType: string | undefined,
  body: Uint8Array,
): SignedContent | null {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  if (!FORM.test(contentType ?? '')) return { signed: body, json: text };
  const json = payloadOf(text);
  if (json === null) return null;
  return { signed: kind === 'github' ? body : Buffer.from(json), json };
}

/** The one field that forges send: a form with more was written by somebody else. */
function payloadOf(form: string): string | null {
  const encoded = /^payload=([^&]*)$/.exec(form)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

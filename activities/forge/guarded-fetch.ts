/** The `fetch` that forge clients are given: it ends in time and in size, and takes the token nowhere else. */
import { cutDiff } from './cut-diff';
import { ForgeError } from './forge';
import { failureOf, unreachable } from './forge-failure';

export interface Guard {
  /** Of one request with its redirects and its body. */
  timeoutMs: number;
  /** Of a body, in bytes. */
  maxBytes: number;
  /** A diff that is longer is cut; JSON cannot be. */
  expects: 'json' | 'diff';
}

/** A renamed repository costs one. */
const REDIRECTS_MAX = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** More of a refusal is not looked at. */
const REFUSAL_BYTES = 65_536;
const NO_BODY = new Set([204, 205]);

/** @returns a fetch that rejects with a ForgeError for everything but success */
export function guardedFetch(guard: Guard): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const what = `${init.method ?? 'GET'} ${url.pathname}`;
    try {
      const signal = AbortSignal.timeout(guard.timeoutMs);
      return await read(await follow(url, { ...init, signal }, what), guard, what);
    } catch (error) {
      throw unreachable(error, what, guard.timeoutMs);
    }
  };
}

async function follow(first: URL, init: RequestInit, what: string): Promise<Response> {
  let url = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const response = await fetch(url.href, { ...init, redirect: 'manual' });
    if (!REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    url = targetOf(response, url, init.method ?? 'GET', what);
  }
  throw new ForgeError(
    'rejected',
    `${what}: more than ${REDIRECTS_MAX} redirects. Check the \`url\` of this source`,
  );
}

function targetOf(response: Response, from: URL, method: string, what: string): URL {
  const location = response.headers.get('location');
  if (location === null || !URL.canParse(location, from.href))
    throw new ForgeError('rejected', `${what}: a redirect to nowhere. Check the \`url\` of this source`);
  const to = new URL(location, from);
  if (to.origin !== from.origin)
    throw new ForgeError(
      'rejected',
      `${what}: the forge redirects to ${to.origin}, where the token is not sent. If that is the forge, write it as the \`url\` of this source`,
    );
  // To a page for people, as that for signing in, nothing is written.
  if (method !== 'GET' && (response.status === 303 || apiRoot(to) !== apiRoot(from)))
    throw new ForgeError(
      'rejected',
      `${what}: the forge redirects it out of its API. Check the \`url\` of this source`,
    );
  return to;
}

/** Gitea answers 301 for a renamed repository also to what writes, and means the same request at the new place. */
const apiRoot = ({ pathname }: URL) => /^.*\/api\/v\d+\//.exec(pathname)?.[0] ?? '';

async function read(response: Response, guard: Guard, what: string): Promise<Response> {
  const { status, headers } = response;
  if (!response.ok) {
    const { bytes } = await bounded(response, REFUSAL_BYTES);
    throw failureOf({ status, headers, body: bytes.toString(), what });
  }
  if (NO_BODY.has(status)) return response;
  const { bytes, whole } = await bounded(response, guard.maxBytes);
  if (guard.expects === 'diff') {
    const text = whole ? bytes.toString() : cutDiff(bytes, guard.maxBytes);
    return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  }
  if (!whole)
    throw new ForgeError(
      'rejected',
      `${what}: the forge answered more than ${guard.maxBytes} bytes, which is more than is read`,
    );
  if (!isJson(bytes))
    throw new ForgeError(
      'unavailable',
      `${what}: what answered is no API of a forge. Check the \`url\` of this source, and what is in front of it`,
    );
  return new Response(bytes, { status, headers });
}

async function bounded(response: Response, maxBytes: number): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (length > maxBytes) return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), whole: false };
  }
  return { bytes: Buffer.concat(chunks), whole: true };
}

/** Not by its type: proxies change that. A body may be empty. */
function isJson(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}

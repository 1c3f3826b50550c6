/** From what a forge answered, or did not, to a ForgeError that says what to do. No text of an answer gets into it. */
import { ForgeError } from './forge';

export interface ForgeRefusal {
  status: number;
  headers: Headers;
  /** Searched for a few known words; never repeated. */
  body: string;
  /** Method and path of the request. */
  what: string;
}

/** GitHub asks for at least this after a secondary limit that names no time. */
const LIMIT_WITHOUT_TIME_MS = 60_000;
/** A forge that names a later time, or has a wrong clock, is asked again after this. */
const RETRY_AFTER_MAX_MS = 24 * 60 * 60_000;

/** @param now milliseconds since 1970 */
export function failureOf({ status, headers, body, what }: ForgeRefusal, now = Date.now()): ForgeError {
  const told = `${what}: the forge answered ${status}`;
  if (isLimit(status, headers, body)) {
    const wait = retryAfterMs(headers, now) ?? LIMIT_WITHOUT_TIME_MS;
    return new ForgeError(
      'rate_limited',
      `${told}, too many requests; it is asked again in ${Math.ceil(wait / 1000)} s`,
      wait,
    );
  }
  switch (status) {
    case 401:
      return new ForgeError(
        'unauthorized',
        `${told}: it does not take the token, which may be wrong, expired or revoked. Make a new one, put it where the \`token\` of this source names it, and restart`,
      );
    case 403:
      return new ForgeError('forbidden', `${told}: ${whatIsMissing(headers, body)}`);
    case 404:
    case 410:
      return new ForgeError(
        'not_found',
        `${told}: it is gone, or the user of the token may not see it. Give that user access to the repository`,
      );
    case 409:
      return new ForgeError('conflict', `${told}: it contradicts what is there already`);
  }
  if (status >= 500 || status === 408)
    return new ForgeError(
      'unavailable',
      `${told}: it has a problem of its own; it is asked again, and its log says more`,
      retryAfterMs(headers, now),
    );
  if (status === 423)
    return new ForgeError(
      'rejected',
      `${told}: the repository or the issue is archived or locked. Unlock it`,
    );
  return new ForgeError('rejected', `${told}: it does not take this request${fieldsOf(body)}`);
}

/** Of a request that had no answer, or half of one. */
export function unreachable(error: unknown, what: string, timeoutMs: number): ForgeError {
  if (error instanceof ForgeError) return error;
  if (nameOf(error) === 'TimeoutError')
    return new ForgeError('unavailable', `${what}: the forge did not answer within ${timeoutMs / 1000} s`);
  // Only the code: a message may repeat headers, and with them the token.
  const code = codeOf(error) ?? 'the request could not be sent';
  return new ForgeError(
    'unavailable',
    `${what}: the forge cannot be reached (${code}). Check the \`url\` of this source, and whether the forge is up`,
  );
}

/** Not every error is an Error of this realm. */
const nameOf = (error: unknown) =>
  typeof error === 'object' && error !== null ? (error as { name?: unknown }).name : undefined;

function codeOf(error: unknown, depth = 0): string | null {
  if (typeof error !== 'object' || error === null || depth > 3) return null;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{2,60}$/.test(code) ? code : codeOf(cause, depth + 1);
}

/** GitHub uses 403 for limits as well. */
const isLimit = (status: number, headers: Headers, body: string) =>
  status === 429 ||
  (status === 403 &&
    (headers.has('retry-after') ||
      headers.get('x-ratelimit-remaining') === '0' ||
      /secondary rate limit|abuse detection/i.test(body)));

function retryAfterMs(headers: Headers, now: number): number | null {
  const wait = fromRetryAfter(headers.get('retry-after'), now) ?? fromReset(headers, now);
  return wait === null ? null : Math.min(Math.max(wait, 0), RETRY_AFTER_MAX_MS);
}

/** Seconds, or a date. */
function fromRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at - now;
}

/** Seconds since 1970; counts only when nothing is left. */
function fromReset(headers: Headers, now: number): number | null {
  const reset = headers.get('x-ratelimit-reset');
  if (reset === null || headers.get('x-ratelimit-remaining') !== '0' || !/^\d{1,12}$/.test(reset))
    return null;
  return Number(reset) * 1000 - now;
}

function whatIsMissing(headers: Headers, body: string): string {
  const named =
    // Gitea: `required=[write:issue], token scope=…`; Forgejo: `required scope(s): [write:issue]`.
    /required(?:=| scope\(s\):? ?)\[([a-z:, ]{1,200})\]/.exec(body)?.[1] ??
    // GitHub, fine-grained (`issues=write`) and classic (`repo`).
    plain(headers.get('x-accepted-github-permissions')) ??
    plain(headers.get('x-accepted-oauth-scopes'));
  return named === null
    ? 'the user of the token may not do this. Give that user the right in this repository'
    : `the token lacks a scope, ${named}. Make one that has it`;
}

const plain = (header: string | null) =>
  header !== null && /^[\w:=;, -]{1,200}$/.test(header.trim()) ? header.trim() : null;

/** Of GitHub's `errors: [{field, code}]`: words of its own, never what was sent. */
function fieldsOf(body: string): string {
  const found = [...body.slice(0, 20_000).matchAll(/"(?:code|field)"\s*:\s*"([a-z_]{1,40})"/g)].map(
    ([, word]) => word,
  );
  return found.length === 0 ? '' : ` (${[...new Set(found)].slice(0, 6).join(', ')})`;
}

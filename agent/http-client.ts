import { AbortScope } from '../activities/ssh/abort-scope';

/** No answer: it may have been acted on, or not. */
export class UnreachableError extends Error {
  readonly code = 'unreachable';
}

export interface Answer {
  status: number;
  /** Parsed JSON; null for an empty body. */
  body: unknown;
  /** `code` of a problem; null where there is none. */
  code: string | null;
  retry_after_ms: number | null;
  /** What the server wants of this agent, in the header `signalbox-directive`. */
  directive: string | null;
}

export interface Call {
  method?: 'GET' | 'POST';
  path: string;
  token: string;
  /** Sent as JSON, or as it is when these are bytes. */
  body?: unknown;
  /** After this long without the whole answer it counts as lost, in milliseconds. */
  timeout_ms: number;
  signal?: AbortSignal;
}

export type Http = (call: Call) => Promise<Answer>;

/** Calls below `<url>/api/v1`. Rejects with `UnreachableError`, and with the reason of the signal. */
export function createHttp(url: string): Http {
  const base = `${url.replace(/\/+$/, '')}/api/v1`;
  return async ({ method = 'POST', path, token, body, timeout_ms, signal }) => {
    const late = () => new UnreachableError(`${method} ${path}: no answer within ${timeout_ms} ms`);
    const scope = new AbortScope([signal], { ms: timeout_ms, reason: late });
    try {
      const bytes = body instanceof Uint8Array;
      const type = bytes ? 'application/octet-stream' : 'application/json';
      const response = await fetch(`${base}${path}`, {
        method,
        redirect: 'error',
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': type }),
        },
        body: body === undefined ? undefined : bytes ? body : JSON.stringify(body),
        signal: scope.signal,
      });
      return read(response.status, response.headers, await response.text());
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof UnreachableError) throw error;
      throw new UnreachableError(`${method} ${path}: ${causeOf(error)}`);
    } finally {
      scope.dispose();
    }
  };
}

function read(status: number, headers: Headers, text: string): Answer {
  let body: unknown = null;
  try {
    if (text !== '') body = JSON.parse(text);
  } catch {
    // Something on the way has answered, not Signalbox.
    throw new UnreachableError(`${status} with a body that is not JSON`);
  }
  const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : null;
  return {
    status,
    body,
    code,
    retry_after_ms: retryAfter(headers.get('retry-after')),
    directive: headers.get('signalbox-directive'),
  };
}

/** Seconds, or a date. In milliseconds from now. */
export function retryAfter(value: string | null, now = Date.now()): number | null {
  if (value === null) return null;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message?: string };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}

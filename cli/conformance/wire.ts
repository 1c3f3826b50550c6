/** HTTP as the kit speaks it: one call, its answer, and patience where an answer is none. */
import { setTimeout as pause } from 'node:timers/promises';
import { redact } from './redact';

export interface Answer {
  /** Method and path, for people. */
  call: string;
  status: number;
  headers: Headers;
  /** Parsed if it is JSON, else the text; null when it is empty. */
  body: unknown;
}

export interface CallOptions {
  /** null: none is sent. */
  token: string | null;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, in place of `body`. */
  raw?: string;
  headers?: Record<string, string>;
  /** In milliseconds; for calls that wait. */
  timeoutMs?: number;
  /** Ask again after 429 and 503, which are no verdict on anything. Default: true. */
  patient?: boolean;
  /** The same message again is harmless: ask again after 202, which is no verdict yet. */
  repeatable?: boolean;
  /** Waits for its answer also when the run has ended: else nobody would know what it has made. */
  lasting?: boolean;
}

export type Wire = (method: string, path: string, options: CallOptions) => Promise<Answer>;

/** No answer came at all. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The longest that a deployment under load may take for what needs no wait. */
const CALL_MS = 20_000;
const NOT_NOW = new Set([429, 503]);
const RETRY_AFTER_S = 1;
/** After so many answers that the message is durable and no more, that is the answer. */
const MAX_REPEATS = 10;
const REPEAT_MS = 250;
const MAX_RETRY_AFTER_S = 5;
/** Below which a path without a base of its own is meant. */
const V1 = '/api/v1';
const NEVER = new AbortController().signal;

/** @param base such as `https://signalbox.example`; `/api/v1` at its end is tolerated. Throws Error for what is no URL */
export function baseUrl(base: string): string {
  const url = URL.canParse(base) ? new URL(base) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(`--url ${base}: expected an http or https URL`);
  if (url.username || url.password) throw new Error('--url: expected no user name or password in it');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/api(\/v1|\/fleet)?$/, '');
}

/** @param signal ends every call that is not lasting, and the patience */
export function createWire(base: string, signal: AbortSignal): Wire {
  return async function call(method, path, options) {
    const target = `${path.startsWith('/api/') ? '' : V1}${path}`;
    // Nothing begins any more, lasting or not.
    signal.throwIfAborted();
    for (let repeats = 0; ; repeats++) {
      const answer = await once(`${base}${target}`, {
        ...options,
        method,
        call: `${method} ${target}`,
        signal: options.lasting ? NEVER : signal,
      });
      if (answer.status === 202 && options.repeatable && repeats < MAX_REPEATS) {
        await pause(REPEAT_MS, undefined, { signal });
        continue;
      }
      if (options.patient === false || !NOT_NOW.has(answer.status)) return answer;
      const asked = Number(answer.headers.get('retry-after') ?? RETRY_AFTER_S);
      await pause(Math.min(asked || RETRY_AFTER_S, MAX_RETRY_AFTER_S) * 1_000, undefined, { signal });
    }
  };
}

interface Sent extends CallOptions {
  method: string;
  call: string;
  signal: AbortSignal;
}

async function once(url: string, sent: Sent): Promise<Answer> {
  const { method, call, token, body, raw, headers, timeoutMs = CALL_MS, signal } = sent;
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(content !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: content,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    return { call, status: response.status, headers: response.headers, body: parsed(text) };
  } catch (error) {
    signal.throwIfAborted();
    throw new NoAnswer(`${call}: ${redact(reasonOf(error, timeoutMs))}`);
  }
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const { cause } = error;
  return cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : error.message;
}

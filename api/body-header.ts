/**
 * The header that the body of a task may begin with, as runners of `/api/fleet` write it:
 *
 *     ---
 *     engine: devin
 *     lock: docs
 *     timeout: 4h
 *     ---
 *
 * Only `lock` and `timeout` mean anything here; the rest is the runner's. Pure, and never throws: a body is a prompt,
 * which may begin with anything, so what is no header, or no sensible value, is left alone.
 */
import { createHash } from 'node:crypto';

export interface BodyHeader {
  lock: string | null;
  timeoutMs: number | null;
}

const NONE: BodyHeader = { lock: null, timeoutMs: null };
const HEADER_MAX_CHARACTERS = 8_192;
const LOCK_MAX = 200;
/** Those of a run timeout that is given explicitly. */
const TIMEOUT_MIN_MS = 100;
const TIMEOUT_MAX_MS = 31_536_000_000;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function bodyHeader(body: string): BodyHeader {
  const lines = body
    .slice(0, HEADER_MAX_CHARACTERS)
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  if (lines[0]?.trimEnd() !== '---') return NONE;
  const end = lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---');
  if (end === -1) return NONE;
  const header = lines.slice(1, end);
  return { lock: lockOf(fieldOf(header, 'lock')), timeoutMs: timeoutOf(fieldOf(header, 'timeout')) };
}

/** Of the last line with that key, as YAML parsers that are forgiving have it. */
function fieldOf(lines: readonly string[], key: string): string | null {
  const line = lines.findLast((one) => one.startsWith(`${key}:`));
  if (line === undefined) return null;
  const value = line.slice(key.length + 1);
  // Without the space it is a word with a colon in it.
  if (value !== '' && !/^\s/.test(value)) return null;
  const text = value.trim();
  const quoted = /^"([^"\\]*)"(?:\s+#.*)?$/.exec(text) ?? /^'([^']*)'(?:\s+#.*)?$/.exec(text);
  return quoted?.[1]?.trim() ?? text.replace(/(^|\s)#.*$/, '').trim();
}

/** What YAML has for nothing and for no. */
const NO_LOCK = new Set(['', '~', 'null', 'false', 'no', 'off', 'none']);

const lockOf = (value: string | null) =>
  value === null || NO_LOCK.has(value.toLowerCase()) || value.length > LOCK_MAX ? null : value;

/** `4h`, `90m`, `1.5d`, `250ms`; a bare number is in seconds, as for timeout(1). */
function timeoutOf(value: string | null): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)?$/i.exec(value ?? '');
  if (!match) return null;
  const ms = Math.round(Number(match[1]) * (UNIT_MS[(match[2] ?? 's').toLowerCase()] ?? Number.NaN));
  return ms >= TIMEOUT_MIN_MS && ms <= TIMEOUT_MAX_MS ? ms : null;
}

/** Names a lock in ids of workflows, where no part of a prompt belongs. */
export const lockKey = (name: string) => createHash('sha256').update(name).digest('hex').slice(0, 32);

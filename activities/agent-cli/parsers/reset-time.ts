import { type Day, dayIn, momentIn } from './zone-time';

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const UNIT_MS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const EPOCH = /(?:reset[\w-]{0,12}\W{1,6}|limit reached\|)(\d{13}|\d{10})(?!\d)/i;
const ISO =
  /(?:reset|retry|again|available|until)[^\n]{0,40}?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z| ?UTC| ?GMT|[+-]\d\d:?\d\d)/i;
const SECONDS =
  /(?:resets?_in_seconds|retry[-_ ]?(?:after|delay)(?:_seconds)?)\W{1,6}(\d{1,9}(?:\.\d+)?)\s*(ms)?(?![\w:-]{0,32}[-:])/i;
const SPAN =
  /(?:again|resets?|reset|retry|available|wait)\b[^\n\d]{0,12}((?:\d{1,9}(?:\.\d{1,9})?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|ms|m|seconds?|secs?|s)(?![a-z])[\s,]*(?:and\s+)?)+)/i;
const SPAN_PART = /(\d{1,9}(?:\.\d{1,9})?)\s*(ms|d|h|m|s)/gi;
const CLOCK =
  /(?:resets?|reset|again|available)(?:\s+(?:at|on))?\s+(?:(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?,?\s+(?:at\s+)?)?(\d{1,2})(?::(\d\d))?\s*(am|pm)?(?:\s*\(([\w+/-]{1,64})\)|\s+(UTC|GMT)\b)?/i;

/**
 * When a limit resets, in ISO 8601, from the words of a CLI: seconds or milliseconds since 1970, an ISO time, a
 * span from `now_ms`, or a time of day in a named zone (else in `zone`). null when it is not said.
 */
export function resetTime(text: string, now_ms: number, zone: string | null = null): string | null {
  const moment = fromEpoch(text) ?? fromIso(text) ?? fromSpan(text, now_ms) ?? fromClock(text, now_ms, zone);
  return moment === null || !Number.isFinite(moment) || Math.abs(moment) > 8.64e15
    ? null
    : new Date(moment).toISOString();
}

/** Seconds or milliseconds since 1970, told apart by their size. */
export function epochToIso(value: unknown): string | null {
  if (typeof value !== 'number' || !(value > 1e9) || value > 1e14) return null;
  return new Date(value < 1e11 ? value * 1000 : value).toISOString();
}

function fromEpoch(text: string): number | null {
  const digits = EPOCH.exec(text)?.[1];
  if (digits === undefined) return null;
  return digits.length === 13 ? Number(digits) : Number(digits) * 1000;
}

function fromIso(text: string): number | null {
  const [, time, zone] = ISO.exec(text) ?? [];
  if (time === undefined || zone === undefined) return null;
  const offset = /\d/.test(zone) ? zone.replace(/^(.\d\d):?(\d\d)$/, '$1:$2') : 'Z';
  const moment = Date.parse(`${time.replace(' ', 'T')}${offset}`);
  return Number.isNaN(moment) ? null : moment;
}

function fromSpan(text: string, now_ms: number): number | null {
  if (/again in less than a minute/i.test(text)) return now_ms + MINUTE_MS;
  const [, seconds, milli] = SECONDS.exec(text) ?? [];
  const span = SPAN.exec(text)?.[1];
  if (span !== undefined) {
    const parts = [...span.matchAll(SPAN_PART)];
    const total = parts.reduce(
      (sum, [, n, unit]) => sum + Number(n) * (UNIT_MS[unit?.toLowerCase() ?? ''] ?? 0),
      0,
    );
    return now_ms + total;
  }
  if (seconds === undefined) return null;
  return now_ms + Number(seconds) * (milli === undefined ? 1000 : 1);
}

function fromClock(text: string, now_ms: number, fallback: string | null): number | null {
  const [, month, day, year, hour, minute, half, named, utc] = CLOCK.exec(text) ?? [];
  const zone = named ?? utc ?? fallback;
  // A lone number is no time of day.
  if (hour === undefined || zone === null || (half === undefined && minute === undefined)) return null;
  const h = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  const m = Number(minute ?? 0);
  const today = dayIn(zone, now_ms);
  if (today === null || h > 23 || m > 59) return null;
  // It may have passed while the run was ending.
  if (month === undefined) return firstAfter(now_ms - 10 * MINUTE_MS, days(today), zone, h, m);
  const date = { month: MONTHS.indexOf(month.toLowerCase()) + 1, day: Number(day) };
  if (year !== undefined) return momentIn(zone, { ...date, year: Number(year) }, h, m);
  const years = [today.year, today.year + 1].map((y) => ({ ...date, year: y }));
  return firstAfter(now_ms - 7 * DAY_MS, years, zone, h, m);
}

const days = (today: Day): Day[] => [-1, 0, 1, 2].map((n) => ({ ...today, day: today.day + n }));

function firstAfter(
  after_ms: number,
  among: Day[],
  zone: string,
  hour: number,
  minute: number,
): number | null {
  for (const day of among) {
    const moment = momentIn(zone, day, hour, minute);
    if (moment !== null && moment > after_ms) return moment;
  }
  return null;
}

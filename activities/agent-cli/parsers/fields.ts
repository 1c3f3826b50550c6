import { wellFormed } from './well-formed';

/** Reads fields of JSON that nobody vouches for: what does not fit is null. */
export type Fields = Record<string, unknown>;

export const fieldsOf = (value: unknown): Fields | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

export const stringOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A string with something in it. */
export const wordsOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value : null;

/** Names of sessions and models: receipts take 200 characters. */
export const nameOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= 200 ? wellFormed(value) : null;

export const amountOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

export const countOf = (value: unknown): number | null => {
  const amount = amountOf(value);
  const count = amount === null ? null : Math.round(amount);
  return Number.isSafeInteger(count) ? count : null;
};

/** The sum of those that are there; null when none is. */
export function sumOf(values: Array<number | null>): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

export function parseObject(text: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return null;
  }
}

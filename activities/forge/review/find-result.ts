/** The verdict in what a reviewer said last. Pure; the text is untrusted and may be long. */
import type { z } from 'zod';
import { reviewResultSchema } from '../../../contracts/review';

export type ReviewResult = z.infer<typeof reviewResultSchema>;

/** What is looked through, from its end, in characters. */
const TEXT_MAX = 65_536;
/** Places where an object may begin that are tried. */
const STARTS_MAX = 1_000;

/**
 * The object is found in whatever stands around it. null when there is none, or when there are two that disagree:
 * one of them may have been quoted from the change.
 */
export function findReviewResult(text: string): ReviewResult | null {
  const end = text.slice(-TEXT_MAX);
  const starts = [...end.matchAll(/\{\s*"/g)].map(({ index }) => index).slice(-STARTS_MAX);
  const found: ReviewResult[] = [];
  let behind = 0;
  for (const start of starts) {
    // A finding is inside of its result.
    if (start < behind) continue;
    const stop = endOfObject(end, start);
    const result = stop === null ? null : resultOf(end.slice(start, stop));
    if (stop === null || result === null) continue;
    found.push(result);
    behind = stop;
  }
  const last = found.at(-1);
  if (last === undefined || found.some(({ verdict }) => verdict !== last.verdict)) return null;
  return last;
}

/** Behind the brace that closes the one at `start`; null when none does. */
function endOfObject(text: string, start: number): number | null {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') depth += 1;
    else if (char === '}' && --depth === 0) return i + 1;
  }
  return null;
}

function resultOf(json: string): ReviewResult | null {
  try {
    return reviewResultSchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

import { createHash } from 'node:crypto';

/** 96 bits: nobody finds a text that holds its own boundary. If somebody did, the next candidate is taken. */
const BOUNDARY_LENGTH = 24;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * A word in lower-case hex that occurs in none of the texts, in neither case. The same texts give the same word.
 * @param digest for tests; by default SHA-256 in hex
 */
export function boundaryOf(texts: readonly string[], digest: (text: string) => string = sha256): string {
  const content = digest(texts.map((text) => `${text.length}:${text}`).join('\n'));
  const folded = texts.map((text) => text.toLowerCase());
  for (let candidate = 0; ; candidate += 1) {
    const boundary = digest(`${candidate}:${content}`).slice(0, BOUNDARY_LENGTH);
    if (!folded.some((text) => text.includes(boundary))) return boundary;
  }
}

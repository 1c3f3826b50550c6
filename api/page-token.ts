/** Page tokens are opaque and signed: the engine is shown none but its own, and only for the same query. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ApiProblem } from './problems';

export interface PageTokens {
  seal(position: Uint8Array | null | undefined, query: string): string | null;
  /** Throws 400 for a token that this server did not give for this query. */
  open(token: string | undefined, query: string): Uint8Array | undefined;
}

const MAC_BYTES = 16;

export function createPageTokens(signingKey: Uint8Array): PageTokens {
  const mac = (position: Uint8Array, query: string) =>
    createHmac('sha256', signingKey).update('page\0').update(query).update('\0').update(position).digest();
  return {
    seal(position, query) {
      if (!position || position.length === 0) return null;
      return Buffer.concat([mac(position, query).subarray(0, MAC_BYTES), position]).toString('base64url');
    },
    open(token, query) {
      if (token === undefined) return undefined;
      const sealed = Buffer.from(token, 'base64url');
      const position = sealed.subarray(MAC_BYTES);
      const expected = mac(position, query).subarray(0, MAC_BYTES);
      if (sealed.length <= MAC_BYTES || !timingSafeEqual(sealed.subarray(0, MAC_BYTES), expected)) {
        throw new ApiProblem(400, 'invalid_page_token', 'expected the next_page_token of the same query');
      }
      return position;
    },
  };
}

/** Bearer tokens: signed, so that they are verified without Temporal; and the admin token, kept as a hash. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type RoleName, roleNameSchema } from '../contracts/api';
import { holderIdSchema, productSchema } from '../contracts/ids';
import { ALGORITHM, ISSUER, issueLeaseToken, LEASE_TOKEN_TYPE, verifyLeaseToken } from './lease-tokens';

interface Bearer {
  sub: string;
  /** Sees and touches this product alone; null: every product. */
  product: string | null;
  /** Of the holder at the time of issue; null for the admin token, which has none. */
  generation: number | null;
}

export interface RolePrincipal extends Bearer {
  role: RoleName;
  lease?: undefined;
}

/** Whoever holds one lease. `product` and `generation` are those of the token with which the task was taken. */
export interface LeasePrincipal extends Bearer {
  role: 'lease';
  lease: { taskId: string; epoch: number };
}

export type Principal = RolePrincipal | LeasePrincipal;

export interface Tokens {
  issue(principal: RolePrincipal & { generation: number }): Promise<string>;
  issueLease(principal: Omit<LeasePrincipal, 'role'>): Promise<string>;
  /** null for whatever is not a token of ours. */
  verify(token: string): Promise<Principal | null>;
}

const TOKEN_TYPE = 'JWT';

const claimsSchema = z.object({
  sub: holderIdSchema,
  role: roleNameSchema,
  gen: z.number().int(),
  product: productSchema.nullable(),
});

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Tokens that were verified lately. They do not expire, and what revokes them is looked at elsewhere. */
const VERIFIED_MAX = 20_000;

export function createTokens(secrets: { signingKey: Uint8Array; adminToken: string }): Tokens {
  const { signingKey } = secrets;
  const adminDigest = digest(secrets.adminToken);
  /** By digest, so that no token is kept; the oldest goes first. */
  const verified = new Map<string, Principal>();

  async function verifySigned(token: string): Promise<Principal | null> {
    // The header is not to be trusted yet: whichever kind it names verifies it again, with the rest.
    return typeOf(token) === LEASE_TOKEN_TYPE
      ? verifyLeaseToken(signingKey, token)
      : verifyRoleToken(signingKey, token);
  }

  function remember(key: string, principal: Principal): void {
    const oldest = verified.keys().next();
    if (verified.size >= VERIFIED_MAX && !oldest.done) verified.delete(oldest.value);
    verified.set(key, principal);
  }

  return {
    issue({ sub, role, generation, product }) {
      return new SignJWT({ role, gen: generation, product })
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE })
        .setIssuer(ISSUER)
        .setSubject(sub)
        .setIssuedAt()
        .sign(signingKey);
    },
    issueLease: (principal) => issueLeaseToken(signingKey, principal),
    async verify(token) {
      const digested = digest(token);
      // Digests have one length, so the comparison takes one time.
      if (timingSafeEqual(digested, adminDigest)) {
        return { sub: 'admin', role: 'admin', product: null, generation: null };
      }
      const key = digested.toString('base64');
      const known = verified.get(key);
      if (known) return known;
      const principal = await verifySigned(token);
      if (principal) remember(key, principal);
      return principal;
    },
  };
}

function typeOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ;
  } catch {
    return undefined;
  }
}

async function verifyRoleToken(signingKey: Uint8Array, token: string): Promise<RolePrincipal | null> {
  const options = { algorithms: [ALGORITHM], issuer: ISSUER, typ: TOKEN_TYPE };
  const payload = await jwtVerify(token, signingKey, options).then(
    (result) => result.payload,
    () => null,
  );
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) return null;
  const { sub, role, gen, product } = claims.data;
  return { sub, role, product, generation: gen };
}

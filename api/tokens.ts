/** Bearer tokens: signed, so that they are verified without Temporal; and the admin token, kept as a hash. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type RoleName, roleNameSchema } from '../contracts/api';
import { holderIdSchema, productSchema } from '../contracts/ids';

export interface Principal {
  sub: string;
  role: RoleName;
  /** Sees and touches this product alone; null: every product. */
  product: string | null;
  /** Of the holder at the time of issue; null for the admin token, which has none. */
  generation: number | null;
}

export interface Tokens {
  issue(principal: Principal & { generation: number }): Promise<string>;
  /** null for whatever is not a token of ours. */
  verify(token: string): Promise<Principal | null>;
}

const ISSUER = 'signalbox';
const claimsSchema = z.object({
  sub: holderIdSchema,
  role: roleNameSchema,
  gen: z.number().int(),
  product: productSchema.nullable(),
});

const digest = (text: string) => createHash('sha256').update(text).digest();

export function createTokens(secrets: { signingKey: Uint8Array; adminToken: string }): Tokens {
  const adminDigest = digest(secrets.adminToken);
  return {
    issue({ sub, role, generation, product }) {
      return new SignJWT({ role, gen: generation, product })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(sub)
        .setIssuedAt()
        .sign(secrets.signingKey);
    },
    async verify(token) {
      // Digests have one length, so the comparison takes one time.
      if (timingSafeEqual(digest(token), adminDigest)) {
        return { sub: 'admin', role: 'admin', product: null, generation: null };
      }
      const payload = await jwtVerify(token, secrets.signingKey, {
        algorithms: ['HS256'],
        issuer: ISSUER,
      }).then(
        (result) => result.payload,
        () => null,
      );
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) return null;
      const { sub, role, gen, product } = claims.data;
      return { sub, role, product, generation: gen };
    },
  };
}

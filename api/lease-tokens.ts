/**
 * Tokens of leases: each speaks for one agent about one epoch of one task, and for nothing else. Nothing revokes
 * them, because the epoch does: a message of an epoch that is over is refused by the task. They do not expire: an
 * agent that was cut off hands its receipt in however late, if only into quarantine.
 */
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { holderIdSchema, productSchema, taskIdSchema } from '../contracts/ids';
import type { LeasePrincipal } from './tokens';

export const ISSUER = 'signalbox';
export const ALGORITHM = 'HS256';

/** Of its own, and with an audience: a token of one kind never passes as one of the other. */
export const LEASE_TOKEN_TYPE = 'signalbox-lease+jwt';
const AUDIENCE = 'signalbox:lease';

const claimsSchema = z.object({
  sub: holderIdSchema,
  task: taskIdSchema,
  epoch: z.number().int().min(1),
  gen: z.number().int().nullable(),
  product: productSchema.nullable(),
});

export function issueLeaseToken(
  signingKey: Uint8Array,
  { sub, product, generation, lease }: Omit<LeasePrincipal, 'role'>,
): Promise<string> {
  return new SignJWT({ task: lease.taskId, epoch: lease.epoch, gen: generation, product })
    .setProtectedHeader({ alg: ALGORITHM, typ: LEASE_TOKEN_TYPE })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(sub)
    .sign(signingKey);
}

/** null for whatever is not a lease token of ours. */
export async function verifyLeaseToken(
  signingKey: Uint8Array,
  token: string,
): Promise<LeasePrincipal | null> {
  const options = {
    algorithms: [ALGORITHM],
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: LEASE_TOKEN_TYPE,
  };
  const payload = await jwtVerify(token, signingKey, options).then(
    (result) => result.payload,
    () => null,
  );
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) return null;
  const { sub, task, epoch, gen, product } = claims.data;
  return { sub, role: 'lease', product, generation: gen, lease: { taskId: task, epoch } };
}

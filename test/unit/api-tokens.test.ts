import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { createTokens } from '../../api/tokens';

const signingKey = new Uint8Array(randomBytes(32));
const tokens = createTokens({ signingKey, adminToken: 'the-admin-token-of-tests' });
const ada = { sub: 'ada', role: 'agent', product: 'blue', generation: 3 } as const;

const forged = (claims: Record<string, unknown>, key = signingKey, issuer = 'signalbox') =>
  new SignJWT({ role: 'admin', gen: 0, product: null, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(issuer)
    .setSubject('ada')
    .sign(key);

describe('a bearer token', () => {
  it('says who it was issued to', async () => {
    expect(await tokens.verify(await tokens.issue(ada))).toEqual(ada);
  });

  it('is the admin token too, which has no generation', async () => {
    expect(await tokens.verify('the-admin-token-of-tests')).toEqual({
      sub: 'admin',
      role: 'admin',
      product: null,
      generation: null,
    });
  });

  it.each([
    ['another key', () => forged({}, new Uint8Array(randomBytes(32)))],
    ['another issuer', () => forged({}, signingKey, 'elsewhere')],
    ['a role that does not exist', () => forged({ role: 'root' })],
    ['no generation', () => forged({ gen: undefined })],
    ['a product that is no name', () => forged({ product: "x' OR 1=1" })],
    [
      'no signature',
      async () =>
        new UnsecuredJWT({ role: 'admin', gen: 0, product: null })
          .setSubject('ada')
          .setIssuer('signalbox')
          .encode(),
    ],
    ['nonsense', async () => 'nonsense'],
    ['the start of the admin token', async () => 'the-admin-token-of-test'],
  ])('with %s is refused', async (_, make) => {
    expect(await tokens.verify(await make())).toBeNull();
  });

  it('does not survive a changed byte', async () => {
    const [head, , signature] = (await tokens.issue(ada)).split('.');
    const payload = Buffer.from(
      JSON.stringify({ iss: 'signalbox', sub: 'ada', role: 'admin', gen: 3, product: null }),
    );
    expect(await tokens.verify(`${head}.${payload.toString('base64url')}.${signature}`)).toBeNull();
  });
});

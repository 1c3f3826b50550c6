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

  it('is remembered, and no other with it', async () => {
    const [token, other] = await Promise.all([
      tokens.issue(ada),
      forged({}, new Uint8Array(randomBytes(32))),
    ]);
    for (let i = 0; i < 3; i++) {
      expect(await tokens.verify(token)).toEqual(ada);
      expect(await tokens.verify(`${token}x`)).toBeNull();
      expect(await tokens.verify(other)).toBeNull();
    }
  });

  it('does not survive a changed byte', async () => {
    const [head, , signature] = (await tokens.issue(ada)).split('.');
    const payload = Buffer.from(
      JSON.stringify({ iss: 'signalbox', sub: 'ada', role: 'admin', gen: 3, product: null }),
    );
    expect(await tokens.verify(`${head}.${payload.toString('base64url')}.${signature}`)).toBeNull();
  });
});

const lease = { taskId: 'org/repo#1', epoch: 7 };
const holding = { sub: 'ada', product: 'blue', generation: 3, lease };

/** A token with the claims of a lease, and of a role, in the header and with the audience that are given. */
const mixed = (
  header: { alg: string; typ?: string },
  audience: string | null,
  claims: Record<string, unknown> = {},
  key = signingKey,
) => {
  const jwt = new SignJWT({ task: 'org/repo#1', epoch: 7, role: 'admin', gen: 0, product: null, ...claims })
    .setProtectedHeader(header)
    .setIssuer('signalbox')
    .setSubject('ada');
  return (audience === null ? jwt : jwt.setAudience(audience)).sign(key);
};

const LEASE_TYP = 'signalbox-lease+jwt';
const LEASE_AUDIENCE = 'signalbox:lease';

describe('a lease token', () => {
  it('says which lease it is, and nothing more', async () => {
    const token = await tokens.issueLease(holding);
    expect(await tokens.verify(token)).toEqual({ ...holding, role: 'lease' });
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header ?? '')).toEqual({ alg: 'HS256', typ: LEASE_TYP });
    expect(JSON.parse(payload ?? '')).toEqual({
      iss: 'signalbox',
      aud: LEASE_AUDIENCE,
      sub: 'ada',
      task: 'org/repo#1',
      epoch: 7,
      gen: 3,
      product: 'blue',
    });
  });

  it('is the same each time a claim is repeated', async () => {
    expect(await tokens.issueLease(holding)).toBe(await tokens.issueLease(holding));
  });

  it('never gives a role, whatever else it claims', async () => {
    const principal = await tokens.verify(await mixed({ alg: 'HS256', typ: LEASE_TYP }, LEASE_AUDIENCE));
    expect(principal?.role).toBe('lease');
  });

  it.each<[string, () => Promise<string>]>([
    [
      'the type of an agent token',
      () => mixed({ alg: 'HS256', typ: 'JWT' }, LEASE_AUDIENCE, { role: undefined }),
    ],
    ['no type', () => mixed({ alg: 'HS256' }, LEASE_AUDIENCE)],
    ['no audience', () => mixed({ alg: 'HS256', typ: LEASE_TYP }, null)],
    ['another audience', () => mixed({ alg: 'HS256', typ: LEASE_TYP }, 'signalbox')],
    ['another algorithm', () => mixed({ alg: 'HS512', typ: LEASE_TYP }, LEASE_AUDIENCE)],
    [
      'another key',
      () => mixed({ alg: 'HS256', typ: LEASE_TYP }, LEASE_AUDIENCE, {}, new Uint8Array(randomBytes(32))),
    ],
    ['no epoch', () => mixed({ alg: 'HS256', typ: LEASE_TYP }, LEASE_AUDIENCE, { epoch: undefined })],
    ['an epoch that is none', () => mixed({ alg: 'HS256', typ: LEASE_TYP }, LEASE_AUDIENCE, { epoch: 0 })],
    ['no task', () => mixed({ alg: 'HS256', typ: LEASE_TYP }, LEASE_AUDIENCE, { task: undefined })],
    ['a task that is no id', () => mixed({ alg: 'HS256', typ: LEASE_TYP }, LEASE_AUDIENCE, { task: '../x' })],
  ])('with %s is refused', async (_, make) => {
    expect(await tokens.verify(await make())).toBeNull();
  });

  it.each([
    ['as an agent token', LEASE_TYP, 'JWT'],
    ['from an agent token', 'JWT', LEASE_TYP],
  ])('does not survive a header that passes it off %s', async (_, own, other) => {
    const token = own === 'JWT' ? await tokens.issue(ada) : await tokens.issueLease(holding);
    const [, payload, signature] = token.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: other })).toString('base64url');
    expect(await tokens.verify(`${header}.${payload}.${signature}`)).toBeNull();
  });

  it('without a signature is refused', async () => {
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: LEASE_TYP })).toString('base64url');
    const [, payload] = (await tokens.issueLease(holding)).split('.');
    expect(await tokens.verify(`${header}.${payload}.`)).toBeNull();
  });
});

it('a role token that has the claims of a lease is still of its role', async () => {
  const principal = await tokens.verify(await mixed({ alg: 'HS256', typ: 'JWT' }, null, { role: 'agent' }));
  expect(principal).toEqual({ sub: 'ada', role: 'agent', product: null, generation: 0 });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pino from 'pino';
import { buildApp } from '../../api/app';
import type { ApiContext, App } from '../../api/context';
import { createLeaseMemory } from '../../api/lease-memory';
import { createPageTokens } from '../../api/page-token';
import { createTokens } from '../../api/tokens';
import type { RoleName } from '../../contracts/api';
import { configSchema } from '../../contracts/config';

/** Nothing here reaches an engine: each request is answered before it would be asked. */
const signingKey = new Uint8Array(32).fill(1);
const tokens = createTokens({ signingKey, adminToken: 'admin-token-for-tests' });
const lines: string[] = [];
const generations = new Map<string, number | null>();
const connection = Connection.lazy({ address: '127.0.0.1:1' });
let app: App;

beforeAll(async () => {
  const client = new Client({ connection });
  const ctx = {
    client,
    queries: client,
    directory: {
      generation: async (id: string) => generations.get(id) ?? null,
      agents: async () => [],
      agentsNow: async () => [],
      hosts: async () => [],
      hostsNow: async () => [],
    },
    config: configSchema.parse({}),
    webhooks: new Map(),
    tokens,
    pageTokens: createPageTokens(signingKey),
    leases: createLeaseMemory(),
    holds: async () => new Map(),
    closing: new AbortController().signal,
  } as unknown as ApiContext;
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  app = await buildApp(ctx, { logger, rateLimit: { max: 1_000, windowMs: 60_000 } });
  await app.ready();
});

afterAll(async () => {
  await app?.close();
  await connection.close();
});

const ROLES: RoleName[] = ['viewer', 'agent', 'coordinator', 'admin'];
const bearer = async (role: RoleName, over: { sub?: string; generation?: number } = {}) => ({
  authorization: `Bearer ${await tokens.issue({ sub: 'ada', role, product: null, generation: 0, ...over })}`,
});

const STAFF = ['coordinator', 'admin'];
const WORKERS = ['agent', 'admin'];
/** Every route, with a request that is refused right after the role was checked, and who may call it. */
const TABLE: Array<
  [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown, allowed: string[]]
> = [
  ['POST', '/tasks', {}, STAFF],
  ['GET', '/tasks?bad=1', undefined, ROLES],
  ['GET', '/tasks/a%2F', undefined, ROLES],
  ['GET', '/tasks/a%2F/events', undefined, ROLES],
  ['GET', '/tasks/a/output?bad=1', undefined, ROLES],
  ['POST', '/tasks/dequeue', {}, WORKERS],
  ['POST', '/tasks/a/heartbeat', {}, WORKERS],
  ['POST', '/tasks/a/status', {}, WORKERS],
  ['POST', '/tasks/a/logs', undefined, WORKERS],
  ['POST', '/tasks/a/complete', {}, ['agent', 'coordinator', 'admin']],
  ['POST', '/tasks/a/release', {}, WORKERS],
  ['POST', '/tasks/a/assign', {}, STAFF],
  ['POST', '/tasks/a/review', {}, STAFF],
  ['POST', '/tasks/a/cancel', { bad: 1 }, STAFF],
  ['POST', '/tasks/a/retry', { bad: 1 }, STAFF],
  ['GET', '/quarantine?bad=1', undefined, ['viewer', 'coordinator', 'admin']],
  ['POST', '/quarantine/x/accept', undefined, STAFF],
  ['POST', '/quarantine/x/discard', undefined, STAFF],
  ['POST', '/agents', {}, ['agent', 'coordinator', 'admin']],
  ['GET', '/agents', undefined, ROLES],
  ['GET', '/agents/x!', undefined, ROLES],
  ['DELETE', '/agents/x!', undefined, STAFF],
  ['POST', '/agents/x!/heartbeat', undefined, WORKERS],
  ['POST', '/agents/x/cordon', { a: 1 }, STAFF],
  ['POST', '/agents/x/uncordon', { a: 1 }, STAFF],
  ['POST', '/agents/x/drain', { a: 1 }, STAFF],
  ['POST', '/agents/x/kill', { a: 1 }, STAFF],
  ['GET', '/hosts', undefined, ROLES],
  ['POST', '/hosts/x/cordon', { a: 1 }, STAFF],
  ['POST', '/hosts/x/uncordon', { a: 1 }, STAFF],
  ['POST', '/hosts/x/drain', { a: 1 }, STAFF],
  ['POST', '/tokens', {}, ['admin']],
  ['POST', '/api/fleet/factories/heartbeat', {}, WORKERS],
  ['POST', '/api/fleet/claim', {}, WORKERS],
  ['GET', '/api/fleet/jobs/a%2F', undefined, ROLES],
  ['PATCH', '/api/fleet/jobs/a%2F', {}, WORKERS],
  ['GET', '/api/fleet/jobs/a%2F/runs', undefined, ROLES],
  ['GET', '/api/fleet/jobs/a%2F/events', undefined, ROLES],
  ['POST', '/api/fleet/jobs/a%2F/lease/renew', {}, WORKERS],
  ['POST', '/api/fleet/jobs/a%2F/lease/release', {}, WORKERS],
];

describe('every route', () => {
  it.each(TABLE)('%s %s is for those who may', async (method, path, body, allowed) => {
    const url = path.startsWith('/api/') ? path : `/api/v1${path}`;
    const without = await app.inject({ method, url, payload: body as object });
    expect(without).toMatchObject({ statusCode: 401 });
    expect(without.json().code).toBe('token_missing');
    expect(without.headers['www-authenticate']).toContain('Bearer');
    for (const role of ROLES) {
      const answer = await app.inject({ method, url, payload: body as object, headers: await bearer(role) });
      const refused = answer.statusCode === 401 || answer.statusCode === 403;
      expect(`${role}: ${refused ? 'refused' : 'allowed'}`).toBe(
        `${role}: ${allowed.includes(role) ? 'allowed' : 'refused'}`,
      );
      expect(answer.statusCode).toBeLessThan(500);
    }
  });

  it('is in the table above, and in the OpenAPI description', async () => {
    const { paths, openapi } = (await app.inject('/api/v1/openapi.json')).json();
    expect(openapi).toBe('3.1.0');
    const described = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/^\/api\/v1/, '')}`),
    );
    const tabled = TABLE.map(([method, path]) => {
      const known = path
        .split('?')[0]
        ?.replace(/\/(tasks|quarantine|hosts|agents|jobs)\/(?!dequeue)[^/]+/, '/$1/{id}');
      return `${method} ${known}`;
    });
    expect(described.sort()).toEqual(
      [...tabled, 'GET /health', 'GET /ready', 'POST /webhooks/{kind}/{source}'].sort(),
    );
  });
});

describe('a token', () => {
  const url = '/api/v1/agents';
  it.each([
    ['of another scheme', 'Basic YTpi'],
    ['without a value', 'Bearer '],
    ['that is made up', 'Bearer abc'],
    ['with something behind it', 'Bearer a b'],
  ])('%s is refused', async (_, authorization) => {
    expect((await app.inject({ url, headers: { authorization } })).statusCode).toBe(401);
  });

  it('of an older generation is refused, of one that is unknown accepted', async () => {
    const old = await bearer('agent', { generation: 1 });
    generations.set('ada', 2);
    const answer = await app.inject({ url, headers: old });
    expect(answer.statusCode).toBe(401);
    expect(answer.json().code).toBe('token_revoked');
    expect((await app.inject({ url, headers: await bearer('agent', { generation: 2 }) })).statusCode).toBe(
      200,
    );
    generations.delete('ada');
    expect((await app.inject({ url, headers: old })).statusCode).toBe(200);
  });

  it('of a lease speaks for its task, in messages of its holder', async () => {
    const lease = { taskId: 'org/repo#1', epoch: 3 };
    const token = await tokens.issueLease({ sub: 'ada', product: null, generation: 1, lease });
    const headers = { authorization: `Bearer ${token}` };
    const own = new Set(['heartbeat', 'status', 'complete', 'release']);
    for (const [method, path, body] of TABLE) {
      const verb = /^\/tasks\/a\/(\w+)$/.exec(path)?.[1] ?? '';
      const ours = method === 'POST' && (own.has(verb) || path.startsWith('/tasks/a/logs'));
      const answer = await app.inject({
        method,
        url: path.startsWith('/api/') ? path : `/api/v1${path}`,
        headers,
        payload: body as object,
      });
      expect(`${method} ${path}: ${answer.json().code}`).toBe(
        `${method} ${path}: ${ours ? 'wrong_task' : 'forbidden'}`,
      );
    }
    for (const verb of own) {
      for (const id of ['org/repo%231', 'org%2Frepo%231']) {
        const url = `/api/v1/tasks/${id}/${verb}`;
        const bad = await app.inject({ method: 'POST', url, headers, payload: { epoch: 'x' } });
        expect(bad.json()).toMatchObject({ status: 400, code: 'invalid_request' });
      }
    }
    // Its epoch is what revokes it: the generation of the agent is not looked at.
    generations.set('ada', 2);
    const url = '/api/v1/tasks/org/repo%231/release';
    const other = await app.inject({ method: 'POST', url, headers, payload: { epoch: 2 } });
    expect(other.json()).toMatchObject({ status: 422, code: 'wrong_epoch' });
    generations.delete('ada');
  });

  it('speaks for its own agent alone', async () => {
    const headers = await bearer('agent');
    for (const [path, body] of [
      ['/tasks/dequeue', { agent_id: 'bob' }],
      ['/tasks/t/heartbeat', { agent_id: 'bob', epoch: 1 }],
      ['/tasks/t/release', { agent_id: 'bob', epoch: 1 }],
      ['/tasks/t/status', { agent_id: 'bob', epoch: 1, status: 'running' }],
      [
        '/tasks/t/complete',
        { agent_id: 'bob', epoch: 1, completion_id: 'c', receipt: { status: 'failed', summary: '' } },
      ],
      ['/agents', { agent_id: 'bob' }],
      ['/agents/bob/heartbeat', {}],
    ] as const) {
      const answer = await app.inject({ method: 'POST', url: `/api/v1${path}`, headers, payload: body });
      expect(answer.json()).toMatchObject({ status: 403, code: 'wrong_agent' });
    }
  });
});

describe('what is not JSON of ours', () => {
  const post = async (payload: string, type: string | null = 'application/json', path = '/tasks/t/cancel') =>
    app.inject({
      method: 'POST',
      url: `/api/v1${path}`,
      payload,
      headers: { ...(await bearer('admin')), ...(type !== null && { 'content-type': type }) },
    });

  it.each([
    ['broken JSON', '{"a":', 'application/json', 400, 'invalid_json'],
    ['a prototype', '{"__proto__":{"x":1}}', 'application/json', 400, 'invalid_json'],
    ['text', 'hello', 'text/plain', 415, 'unsupported_media_type'],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    ['XML', '<a/>', 'application/xml', 415, 'unsupported_media_type'],
    ['an array', '[]', 'application/json', 400, 'invalid_request'],
    ['a number', '1', 'application/json', 400, 'invalid_request'],
    ['an unknown field', '{"x":1}', 'application/json', 400, 'invalid_request'],
    ['3 MiB', `{"reason":"${'x'.repeat(3_145_728)}"}`, 'application/json', 413, 'body_too_large'],
  ])('%s', async (_, payload, type, status, code) => {
    const answer = await post(payload, type);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toMatchObject({ status, code, type: `urn:signalbox:problem:${code}` });
  });

  it('may be nothing where nothing is needed, but not where something is', async () => {
    expect((await post('', 'application/json', '/quarantine/x/accept')).json().errors[0].field).toBe('id');
    expect((await post('', 'application/json', '/tasks')).json().code).toBe('invalid_request');
  });
});

describe('a path', () => {
  it.each([
    ['/nowhere', 404, 'not_found'],
    ['/api/v1/nowhere', 404, 'not_found'],
    ['/api/v1/tasks/%', 400, 'invalid_path'],
    ['/api/v1/tasks/%E0%A4%A', 400, 'invalid_path'],
    ['/api/v1/tasks/a%00b', 400, 'invalid_request'],
    ['/api/v1/tasks/org/complete', 404, 'not_found'],
    ['/api/v1/tasks/org%2Fcomplete', 400, 'invalid_request'],
    [`/api/v1/tasks/${'x'.repeat(141)}`, 400, 'invalid_request'],
    [`/api/v1/tasks/${'x'.repeat(2_000)}`, 414, 'path_too_long'],
    ["/api/v1/tasks?holder=x'%20OR%201=1", 400, 'invalid_request'],
    ['/api/v1/tasks?page_size=0', 400, 'invalid_request'],
    ['/api/v1/tasks?status=created&status=failed', 400, 'invalid_request'],
    ['/api/v1/tasks?page_token=abc', 400, 'invalid_page_token'],
  ])('%.60s', async (url, status, code) => {
    const answer = await app.inject({ url, headers: await bearer('viewer') });
    expect(answer.json()).toMatchObject({ status, code });
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });
});

describe('the documentation', () => {
  it('is a page that its own policy lets work', async () => {
    const page = await app.inject('/api/v1/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    const scripts = [...page.body.matchAll(/<script([^>]*)>([^<]*)</g)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, attributes, inline] of scripts) {
      expect(inline?.trim()).toBe('');
      const source = /src="([^"]+)"/.exec(attributes ?? '')?.[1] ?? '';
      const script = await app.inject(new URL(source, 'http://x/api/v1/docs/').pathname);
      expect(script.statusCode).toBe(200);
    }
  });

  it('shows problems, roles and examples of ids', async () => {
    const { paths, components } = (await app.inject('/api/v1/openapi.json')).json();
    const post = paths['/api/v1/tasks/{id}/complete'].post;
    expect(Object.keys(post.responses).sort()).toEqual(['200', '202', '4XX', '5XX']);
    expect(post.requestBody.content['application/json'].schema.properties.receipt.required).toContain(
      'status',
    );
    expect(components.securitySchemes.bearer.scheme).toBe('bearer');
  });
});

describe('an answer', () => {
  it('comes with headers that keep browsers from harm', async () => {
    const { headers } = await app.inject('/health');
    expect(headers['content-security-policy']).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('of /health needs neither a token nor an engine', async () => {
    const answer = await app.inject('/health');
    expect(answer.json()).toEqual({
      status: 'healthy',
      uptime: expect.any(Number),
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('leaves neither token nor body in the log', async () => {
    const headers = await bearer('admin');
    await app.inject({
      method: 'POST',
      url: '/api/v1/tasks?token=hunter2',
      headers,
      payload: { title: 'hunter2', body: 'hunter2', x: 1 },
    });
    const log = lines.join('');
    expect(log).toContain('"route":"/api/v1/tasks"');
    expect(log).not.toContain('hunter2');
    expect(log).not.toContain(headers.authorization.slice(7, 60));
  });

  it('is 429 to a token that asks without end', async () => {
    const headers = await bearer('viewer', { sub: 'greedy' });
    const ask = () => app.inject({ url: '/api/v1/hosts', headers });
    const answers = await Promise.all(Array.from({ length: 1_001 }, ask));
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.json()).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('is 429 to an address that delivers without end, whatever it says it is', async () => {
    const post = (i: number) =>
      app.inject({
        method: 'POST',
        url: '/webhooks/gitea/none',
        headers: { authorization: `Bearer ${i}` },
      });
    const answers: Awaited<ReturnType<typeof post>>[] = [];
    const of = (status: number) => answers.filter(({ statusCode }) => statusCode === status);
    // A few at a time: all of them at once are too much for any server, and those it does not look at do not count.
    while (of(429).length === 0 && answers.length < 20_000) {
      const from = answers.length;
      answers.push(...(await Promise.all(Array.from({ length: 200 }, (_, i) => post(from + i)))));
    }
    expect(of(404).length).toBe(6_000);
    const refused = of(429)[0];
    expect(refused?.json()).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(refused?.json().detail).toContain('6000 requests');
  });
});

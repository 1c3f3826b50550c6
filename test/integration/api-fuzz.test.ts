import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ADMIN_TOKEN, type TestApi } from '../helpers/api-server';
import { nasty } from '../helpers/nasty';
import { type Platform, startPlatform } from '../helpers/platform';
import { type RawAnswer, type Sent, sendRaw } from '../helpers/raw-request';

let platform: Platform;
let api: TestApi;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  platform = await startPlatform('api-fuzz');
  ({ api } = platform);
  await api.post('/tasks', { id: 'org/repo#1', title: 't', body: 'b' });
  await api.post('/tasks/dequeue', { agent_id: 'ada', wait_ms: 10_000 });
});

afterAll(async () => {
  agent.destroy();
  await platform?.close();
});

const BUSY_MS = 30_000;
const isBusy = ({ status, text }: RawAnswer) =>
  status === 503 && /"code":"(overloaded|engine_unavailable|no_worker)"/.test(text);

/** Again while the machine is too busy; what is refused so for long is the answer to what was sent. */
async function send({ headers, ...sent }: Sent): Promise<RawAnswer> {
  const giveUp = Date.now() + BUSY_MS;
  for (;;) {
    const answer = await sendRaw(api.url, agent, {
      ...sent,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    });
    if (!isBusy(answer) || Date.now() > giveUp) return answer;
    await pause(100);
  }
}

async function expectAnswer(sent: Sent) {
  const answer = await send(sent);
  const told = `${sent.method} ${sent.path} → ${answer.status} ${answer.text.slice(0, 300)}`;
  if (answer.status >= 500 || answer.status < 200) throw new Error(told);
  if (answer.status >= 400 && sent.method !== 'HEAD' && !answer.type.startsWith('application/problem+json')) {
    throw new Error(`no problem details: ${told}`);
  }
}

const receipt = {
  status: 'completed',
  summary: 's',
  artifacts: { changed_files: ['a'], branch: 'b' },
  duration_ms: 1,
};
/** One good message for each route; the test spoils a part of it. */
const MESSAGES: Array<[string, Record<string, unknown>]> = [
  [
    '/tasks',
    {
      id: 'org/repo#1',
      title: 't',
      body: 'b',
      labels: ['agent:x'],
      repository: '/r',
      template: 'shell',
      execution_mode: 'undecided',
      priority: 5,
      max_retries: 1,
      review: 'none',
      timeouts: { lease_ms: 60_000, queue_wait_ms: null },
      product: 'default',
      branch_name: 'b',
      pr_title: 'p',
    },
  ],
  [
    '/tasks/dequeue',
    {
      agent_id: 'ada',
      capabilities: ['agent:none'],
      lease_s: 60,
      max_tasks: 2,
      request_id: 'r',
      retry: false,
    },
  ],
  [
    '/tasks/org%2Frepo%231/heartbeat',
    { agent_id: 'ada', epoch: 1, progress: 'p', checkpoint: { branch: 'b' } },
  ],
  [
    '/tasks/org%2Frepo%231/status',
    { agent_id: 'ada', epoch: 1, status: 'running', message: 'm', message_id: 'i' },
  ],
  [
    '/tasks/org/repo%231/complete',
    {
      agent_id: 'ada',
      epoch: 99,
      receipt,
      completion_id: 'c',
      next: { capabilities: ['agent:none'], wait_ms: 0, lease_s: 60, request_id: 'n', retry: true },
    },
  ],
  ['/tasks/org/repo%231/release', { agent_id: 'ada', epoch: 99, checkpoint: { commit: 'abcdef0' } }],
  ['/tasks/org/repo%231/assign', { agent_id: 'ada', reason: 'r' }],
  [
    '/tasks/org/repo%231/review',
    { verdict: 'rejected', findings: [{ message: 'm', line: 1 }], confidence: 1 },
  ],
  ['/tasks/nope/cancel', { reason: 'r', message_id: 'i' }],
  ['/tasks/nope/retry', {}],
  ['/quarantine/quarantine/org/repo/1/c/accept', {}],
  ['/agents', { agent_id: 'ada', capabilities: ['agent:x'], slots: 1, version: '1', health: 'ok', load: 0 }],
  ['/agents/ada/heartbeat', { health: 'ok', load: 0.5, capabilities: ['agent:x'] }],
  ['/agents/nobody/kill', { reason: 'r' }],
  ['/tokens', { agent_id: 'ada', role: 'agent', product: 'p' }],
];

/** The other dialect: of jobs whose holder the admin speaks for, and of one that is not there. */
const FLEET: Array<[method: string, path: string, message: Record<string, unknown>]> = [
  [
    'POST',
    '/factories/heartbeat',
    { factoryId: 'ada', capabilities: ['agent:none'], health: 'ok', load: 0.5 },
  ],
  ['POST', '/claim', { factoryId: 'ada', capabilities: ['agent:none'], requestId: 'r', retry: false }],
  [
    'PATCH',
    '/jobs/org%2Frepo%231',
    { stage: 'building', checkpoint: { wipBranch: 'b', wipCommit: 'abcdef0' }, leaseEpoch: 1, message: 'm' },
  ],
  ['PATCH', '/jobs/org/repo%231', { factoryId: 'bob', stage: 'shipped', leaseEpoch: 99 }],
  ['POST', '/jobs/org/repo%231/lease/renew', { leaseEpoch: 1, checkpoint: { wipBranch: '' } }],
  ['POST', '/jobs/nope/lease/release', { factoryId: 'ada', leaseEpoch: 1 }],
];

/** The message with the value at one of its fields replaced, removed, or with a field more. */
const spoiled = (message: Record<string, unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc
      .record({ field: fc.constantFrom(...Object.keys(message), 'x'), value: nasty })
      .map(({ field, value }) => ({
        ...message,
        [field]: value,
      })),
    fc.constantFrom(...Object.keys(message), 'x').map((field) => ({ ...message, [field]: undefined })),
    nasty,
  );

/** A long poll would be right, and long. */
const impatient = (body: unknown) =>
  typeof body === 'object' && body !== null && 'agent_id' in body ? { wait_ms: 0, ...body } : body;

/** Whatever comes as a token: made up, of another kind, or one of ours that was tampered with. */
const bearer = (own: string) =>
  fc.oneof(
    fc.constant(own),
    fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.'), maxLength: 200 }),
    fc
      .record({
        /* Two bits of the last character mean nothing. */ at: fc.nat(own.length - 2),
        char: fc.constantFrom(...'aZ0._-'),
      })
      .map(({ at, char }) => own.slice(0, at) + char + own.slice(at + 1)),
  );

describe('whatever is sent, the answer is no 5xx', () => {
  it('with a lease token, real or not, to any route; and nobody else gets in by it', async () => {
    const made = await api.post('/tasks', { title: 't', body: 'b', labels: ['agent:fuzzed'] });
    const taken = await api.post('/tasks/dequeue', {
      agent_id: 'ada',
      capabilities: ['agent:fuzzed'],
      wait_ms: 10_000,
    });
    const { token } = taken.body.lease;
    const own = `/tasks/${made.body.id}/`;
    const targets = fc.constantFrom(
      ...MESSAGES,
      ...['heartbeat', 'status', 'complete', 'release'].map(
        (verb) => [own + verb, {}] as (typeof MESSAGES)[number],
      ),
    );
    await fc.assert(
      fc.asyncProperty(bearer(token), targets, async (given, [path, message]) => {
        const sent = {
          method: 'POST',
          path: `/api/v1${path}`,
          headers: { authorization: `Bearer ${given}`, 'content-type': 'application/json' },
          body: JSON.stringify(message),
        };
        await expectAnswer(sent);
        const { status } = await send(sent);
        if (given !== token && status !== 401) throw new Error(`${given} is let in: ${status}`);
        if (given === token && !path.startsWith(own) && status !== 403) throw new Error(`${path}: ${status}`);
      }),
      { numRuns: 300 },
    );
  });

  it.each(MESSAGES)('to %s', async (path, message) => {
    await fc.assert(
      fc.asyncProperty(spoiled(message), async (body) => {
        const text = JSON.stringify(path.endsWith('dequeue') ? impatient(body) : body) ?? '';
        await expectAnswer({
          method: 'POST',
          path: `/api/v1${path}`,
          headers: { 'content-type': 'application/json' },
          body: text,
        });
      }),
      { numRuns: 100 },
    );
  });

  it.each(FLEET)('to %s %s of a fleet', async (method, path, message) => {
    const product = fc.option(fc.string({ unit: fc.constantFrom(...'ap1.-_ /%,'), maxLength: 20 }), {
      nil: null,
    });
    await fc.assert(
      fc.asyncProperty(spoiled(message), product, async (body, header) => {
        await expectAnswer({
          method,
          path: `/api/fleet${path}`,
          headers: { 'content-type': 'application/json', ...(header !== null && { 'x-product-id': header }) },
          body: JSON.stringify(body) ?? '',
        });
      }),
      { numRuns: 60 },
    );
  });

  it('to any path', async () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'api',
        'v1',
        'tasks',
        'quarantine',
        'agents',
        'complete',
        'events',
        'dequeue',
        'docs',
        'fleet',
        'jobs',
        'lease',
        'renew',
        'runs',
        'health',
        '%',
        '%00',
      ),
      fc.constantFrom(
        '%2F',
        '%E0%A4%A',
        '..',
        '.',
        '',
        '*',
        ':id',
        '%5C',
        "'",
        'org',
        'repo%231',
        '__proto__',
        'static',
      ),
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => encodeURIComponent(text)),
      fc.string({ unit: fc.constantFrom(...'!$&()+,-;=@~"<>[]^`{|}\\'), maxLength: 10 }),
    );
    const path = fc
      .tuple(
        fc.constantFrom('/', '/api/v1/', '/api/v1/tasks/', '/api/fleet/', '/api/fleet/jobs/'),
        fc.array(segment, { maxLength: 6 }),
      )
      .map(([base, segments]) => base + segments.join('/'));
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(method, path, async (verb, target) => {
        // The lists pay from a budget of a few requests in a second.
        if (/^\/api\/v1\/(tasks|agents|quarantine)\/?$/.test(target)) return;
        await expectAnswer({ method: verb, path: target });
      }),
      { numRuns: 1_500 },
    );
  });

  it('to any query of a list', async () => {
    const name = fc.constantFrom(
      'status',
      'mode',
      'label',
      'holder',
      'product',
      'page_size',
      'page_token',
      'x',
      '__proto__',
    );
    const value = fc.oneof(
      fc.constantFrom(
        '',
        'created',
        'agent:x',
        "x'%20OR%20'1'='1",
        '%27',
        '1',
        '-1',
        '1e9',
        'NaN',
        '%00',
        'AAAA',
      ),
      fc.string({ unit: 'grapheme', maxLength: 20 }).map(encodeURIComponent),
    );
    const query = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('/tasks', '/quarantine'), query, async (path, pairs) => {
        const search = pairs.map((pair) => pair.join('=')).join('&');
        await expectAnswer({ method: 'GET', path: `/api/v1${path}?${search}` });
      }),
      { numRuns: 200 },
    );
  });

  it('to any content', async () => {
    const type = fc.constantFrom(
      'application/json',
      'application/json; charset=latin1',
      'text/plain',
      'x',
      '',
      'multipart/form-data',
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '{',
          '[[',
          '{"a":1,}',
          '"',
          'nul',
          '\ufeff{}',
          '{"constructor":{"prototype":{}}}',
          '1e999',
        )
        .map(Buffer.from),
    );
    await fc.assert(
      fc.asyncProperty(type, body, fc.constantFrom(...MESSAGES), async (given, content, [path]) => {
        await expectAnswer({
          method: 'POST',
          path: `/api/v1${path}`,
          headers: given ? { 'content-type': given } : {},
          body: content as Buffer,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('and the server is well after all that', async () => {
    expect((await api.get('/tasks/org/repo%231')).status).toBe(200);
  });
});

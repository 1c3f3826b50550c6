import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import pino from 'pino';
import { type Delivery, FORGE_KINDS } from '../../contracts/forge';
import type { Role } from '../../workers/role';
import { deliveryWorkflowId } from '../../workflows/names';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { WEBHOOK_SECRET } from '../helpers/deliveries';
import { startDeliveryWorker } from '../helpers/delivery-worker';
import { deliver, withForges } from '../helpers/forges';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { waitUntil } from '../helpers/wait-until';
import { commentPayload, issuePayload, pushPayload, reduced } from '../helpers/webhook-payloads';

let engine: TestNamespace;
let api: TestApi;
const lines: string[] = [];

beforeAll(async () => {
  engine = await createNamespace('webhooks');
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  api = await startTestApi(engine.temporal, { ...withForges({ repositories: ['Org/Repo'] }), logger });
});
afterAll(async () => {
  await api?.stop();
  await engine?.close();
});

const opened = (over: object = {}) => JSON.stringify(issuePayload('opened', over));
const workflowOf = (source: string, id: string) =>
  engine.client.workflow.getHandle(deliveryWorkflowId(source, id));
const isThere = (source: string, id: string) =>
  workflowOf(source, id)
    .describe()
    .then(
      () => true,
      (error) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );

/** While `work` is done, deliveries are handled; answers those that were. */
async function handling(
  work: (handled: Delivery[]) => Promise<void>,
  handle: (delivery: Delivery, nth: number) => void = () => undefined,
): Promise<Delivery[]> {
  const handled: Delivery[] = [];
  const worker: Role = await startDeliveryWorker(engine.temporal, async (delivery) => {
    handled.push(delivery);
    handle(delivery, handled.length);
    return [`${delivery.event.kind} handled`];
  });
  try {
    await work(handled);
  } finally {
    await worker.stop();
  }
  return handled;
}

describe('a delivery', () => {
  it.each(FORGE_KINDS)('of %s is durable when it is acknowledged, and handled once', async (kind) => {
    const options = { id: randomUUID() };
    const send = () => deliver(api.url, { kind, event: 'issues', body: opened(), options });
    // There is no worker yet.
    expect(await send()).toMatchObject({
      status: 202,
      body: { delivery_id: options.id, result: 'queued' },
    });
    const described = await workflowOf(kind, options.id).describe();
    expect(described).toMatchObject({ type: 'delivery', status: { name: 'RUNNING' } });
    expect(await send()).toMatchObject({ status: 202, body: { result: 'known' } });

    const handled = await handling(async () => {
      expect(await workflowOf(kind, options.id).result()).toEqual(['issue handled']);
      expect(await send()).toMatchObject({ status: 202, body: { result: 'known' } });
    });
    expect(handled).toEqual([
      {
        source: kind,
        delivery_id: options.id,
        received_at: expect.any(Number),
        event: {
          kind: 'issue',
          action: 'opened',
          repository: reduced.repository,
          sender: 'ada',
          issue: reduced.issue,
        },
      },
    ]);
    expect(Math.abs(Date.now() - Number(handled[0]?.received_at))).toBeLessThan(300_000);
  });

  it('that comes many times at once is one', async () => {
    const options = { id: randomUUID() };
    const send = () => deliver(api.url, { kind: 'gitea', event: 'issues', body: opened(), options });
    const answers = await Promise.all(Array.from({ length: 12 }, send));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    expect(answers.filter(({ body }) => body.result === 'queued')).toHaveLength(1);
  });

  it('of the same id is another one when another forge sends it', async () => {
    const options = { id: randomUUID() };
    for (const kind of FORGE_KINDS) {
      const answer = await deliver(api.url, {
        kind,
        event: 'push',
        body: JSON.stringify(pushPayload()),
        options,
      });
      expect(answer.body.result).toBe('queued');
    }
  });

  it('is tried until it is handled', async () => {
    const options = { id: randomUUID() };
    await deliver(api.url, { kind: 'forgejo', event: 'push', body: JSON.stringify(pushPayload()), options });
    const mine = (delivery: Delivery) => delivery.delivery_id === options.id;
    const handled = await handling(
      async () => {
        expect(await workflowOf('forgejo', options.id).result()).toEqual(['push handled']);
      },
      (delivery) => {
        if (mine(delivery) && tries++ < 2) throw new Error('the forge is away');
      },
    );
    expect(handled.filter(mine)).toHaveLength(3);
  });
  let tries = 0;

  it('with a large text leaves it in the blob store', async () => {
    const options = { id: randomUUID() };
    const text = 'long '.repeat(50_000);
    await deliver(api.url, { kind: 'github', event: 'issues', body: opened({ body: text }), options });
    const handled = await handling(async () => {
      await workflowOf('github', options.id).result();
    });
    const event = handled.find((delivery) => delivery.delivery_id === options.id)?.event;
    const body = event?.kind === 'issue' ? event.issue.body : null;
    expect(body).toMatchObject({ bytes: 250_000 });
    const ref = body && 'ref' in body ? body.ref : '';
    expect(Buffer.from((await api.blobs.read(ref)) ?? []).toString()).toBe(text);
  });

  it('may be as large as GitHub makes them, and no larger', async () => {
    const send = (bytes: number) => {
      const start = opened().replace(/}$/, ',"more":"');
      const body = `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
      return deliver(api.url, { kind: 'github', event: 'issues', body });
    };
    expect(await send(26_214_400)).toMatchObject({ status: 202, body: { result: 'queued' } });
    expect(await send(26_214_401)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });

  it.each([
    ['forgejo', false],
    ['gitea', false],
    ['github', true],
  ] as const)('of %s may be a form', async (kind, formIsSigned) => {
    const options = { id: randomUUID(), contentType: 'application/x-www-form-urlencoded' };
    const json = JSON.stringify(issuePayload('opened', { title: 'a + b & c = ü %' }), null, 2);
    const body = new URLSearchParams({ payload: json }).toString();
    const other = await deliver(api.url, {
      kind,
      event: 'issues',
      body,
      options: { ...options, signed: formIsSigned ? json : body },
    });
    expect(other).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
    const answer = await deliver(api.url, {
      kind,
      event: 'issues',
      body,
      options: { ...options, signed: formIsSigned ? body : json },
    });
    expect(answer).toMatchObject({ status: 202, body: { result: 'queued' } });
    const handled = await handling(async () => {
      await workflowOf(kind, options.id).result();
    });
    expect(handled.find((delivery) => delivery.delivery_id === options.id)?.event).toMatchObject({
      issue: { title: 'a + b & c = ü %' },
    });
  });
});

describe('a delivery of no interest', () => {
  it.each([
    ['ping', { zen: 'Keep it logically awesome.' }],
    ['issues', issuePayload('assigned')],
    ['issue_comment', commentPayload('just talk')],
    ['issues', { ...issuePayload('opened'), repository: { ...reduced.repository, full_name: 'org/other' } }],
    ['push', pushPayload({ ref: 'refs/tags/v1' })],
    ['release', { action: 'published' }],
  ])('as %s is acknowledged, and nothing comes of it', async (event, payload) => {
    const options = { id: randomUUID() };
    const answer = await deliver(api.url, { kind: 'github', event, body: JSON.stringify(payload), options });
    expect(answer).toMatchObject({ status: 202, body: { delivery_id: options.id, result: 'ignored' } });
    expect(await isThere('github', options.id)).toBe(false);
  });
});

describe('what is logged', () => {
  it('names neither what was delivered nor a secret', async () => {
    const told = ['hunter2', 'It breaks', 'When it rains', WEBHOOK_SECRET, '/signalbox', 'long long'];
    const body = JSON.stringify(commentPayload('/signalbox retry hunter2'));
    await deliver(api.url, { kind: 'gitea', event: 'issue_comment', body });
    await deliver(api.url, { kind: 'gitea', event: 'issues', body: opened({ number: 'hunter2' }) });
    await deliver(api.url, {
      kind: 'gitea',
      event: 'issues',
      body: opened(),
      options: { secret: 'hunter2' },
    });
    const log = lines.join('');
    expect(log).toContain('"route":"/webhooks/:kind/:source"');
    for (const word of told) expect(log).not.toContain(word);
    expect(log).not.toMatch(/[0-9a-f]{64}/);
  });
});

describe('with no engine', () => {
  it('a delivery is refused with 503, for the forge to show it; what is of no interest is not', async () => {
    const address = '127.0.0.1:1';
    const away = await startTestApi(
      { address, connectionOptions: { address }, namespace: 'none', uiUrl: null },
      withForges(),
    );
    try {
      const answer = await waitUntil(
        async () => {
          const found = await deliver(away.url, { kind: 'forgejo', event: 'issues', body: opened() });
          return found.body?.code !== 'overloaded' && found;
        },
        { what: 'a server that is not overloaded' },
      );
      const took: number[] = [];
      for (let i = 0; i < 3; i++) {
        const start = performance.now();
        await deliver(away.url, { kind: 'forgejo', event: 'issues', body: opened() });
        took.push(performance.now() - start);
      }
      // Forgejo and Gitea wait 5 s for an answer.
      expect(Math.min(...took)).toBeLessThan(4_500);
      expect(answer).toMatchObject({ status: 503, body: { code: 'engine_unavailable' } });
      expect(Number(answer.retryAfter)).toBeGreaterThan(0);
      expect(answer.type).toContain('application/problem+json');
      expect((await deliver(away.url, { kind: 'github', event: 'ping', body: '{}' })).status).toBe(202);
    } finally {
      await away.stop();
    }
  });
});

/** Every recorded delivery through the ingress: signed, duplicated and in any order. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Delivery } from '../../contracts/forge';
import type { Role } from '../../workers/role';
import { deliveryWorkflowId } from '../../workflows/names';
import { startTestApi, type TestApi } from '../helpers/api-server';
import { startDeliveryWorker } from '../helpers/delivery-worker';
import { forgeRecordings } from '../helpers/forge-recordings';
import { deliver, withForges } from '../helpers/forges';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { seededRandom, shuffled } from '../helpers/seeded-random';

const recordings = forgeRecordings();
const COPIES = 3;

let engine: TestNamespace;
let api: TestApi;
let worker: Role;
let handled: Delivery[] = [];

beforeAll(async () => {
  engine = await createNamespace('webhooks-recordings');
  api = await startTestApi(engine.temporal, withForges());
  worker = await startDeliveryWorker(engine.temporal, async (delivery) => {
    handled.push(delivery);
    return [];
  });
});
afterAll(async () => {
  await worker?.stop();
  await api?.stop();
  await engine?.close();
});

/** A recording that lacks its time has that of its delivery. */
const timeless = ({ received_at, event }: Delivery) =>
  JSON.stringify(event).replaceAll(`"updated_at":${received_at}`, '"updated_at":"received"');

/** What was made of each recording, whatever its delivery was called. */
const byFile = (ids: Map<string, string>) =>
  Object.fromEntries(
    handled
      .map((one) => [`${one.source}/${ids.get(one.delivery_id)}`, timeless(one)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** All of them, each several times, in an order of chance. */
async function deliverAll(seed: number) {
  handled = [];
  const named = recordings.map((recording) => ({ ...recording, id: randomUUID() }));
  const copies = shuffled(
    named.flatMap((one) => Array.from({ length: COPIES }, () => one)),
    seededRandom(seed),
  );
  const results = new Map<string, string[]>();
  for (const { kind, event, body, id } of copies) {
    const answer = await deliver(api.url, { kind, event, body, options: { id } });
    expect(answer.status).toBe(202);
    results.set(id, [...(results.get(id) ?? []), answer.body.result]);
  }
  for (const { kind, id } of named) {
    if (results.get(id)?.[0] === 'ignored') continue;
    await engine.client.workflow.getHandle(deliveryWorkflowId(kind, id)).result();
  }
  return { results, ids: new Map<string, string>(named.map(({ id, file }) => [id, file])) };
}

describe('all recorded deliveries', () => {
  it('are handled once each, in whatever order and however often they come', async () => {
    const seen: object[] = [];
    for (const seed of [1, 2, 3]) {
      const { results, ids } = await deliverAll(seed);
      for (const [id, told] of results) {
        const expected = told[0] === 'ignored' ? 'ignored' : 'known';
        expect([ids.get(id), ...told.slice(1)]).toEqual([ids.get(id), expected, expected]);
      }
      const queued = [...results.values()].filter(([first]) => first === 'queued');
      expect(handled).toHaveLength(queued.length);
      expect(queued.length).toBeGreaterThan(15);
      seen.push(byFile(ids));
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('are refused when they are signed by somebody else', async () => {
    for (const { kind, event, body } of recordings) {
      const answer = await deliver(api.url, { kind, event, body, options: { secret: 'another' } });
      expect(answer).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
    }
  });
});

/** From creating a task to its delivery to an agent that waits, beside start and Update on the bare engine. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { type Api, createApi } from '../../examples/demo/api';
import { BARE_QUEUE } from '../bare-worker';
import { doneSignal, takeUpdate } from '../bare-workflow';
import { completed } from '../completed';
import { withToken } from './crowd';
import { type Beside, besideOf } from './times';

const SAMPLES = 80;
const WARM_UPS = 10;
/** For the poll to be parked, and so that none pays for what the one before it left to do. */
const CALM_MS = 150;
const WAIT_MS = 20_000;
const BODY = 'Say hello, and say it well.';
const AGENT = 'bench-delivery';
const LABEL = 'agent:delivery';

export async function measureDelivery(admin: Api, url: string, client: Client): Promise<Beside> {
  const { token } = await withToken(admin, AGENT);
  const agent = createApi(url, token);
  const times = { product: [] as number[], bare: [] as number[] };
  for (let i = -WARM_UPS; i < SAMPLES; i++) {
    const both = { bare: await bareTime(client), product: await deliveryTime(admin, agent) };
    if (i < 0) continue;
    times.bare.push(both.bare);
    times.product.push(both.product);
  }
  return besideOf(times.product, times.bare);
}

async function deliveryTime(admin: Api, agent: Api): Promise<number> {
  const want = { agent_id: AGENT, capabilities: [LABEL], wait_ms: WAIT_MS, request_id: randomUUID() };
  const waiting = agent.post('/tasks/dequeue', want).then((reply) => ({ reply, at: performance.now() }));
  await pause(CALM_MS);
  const createdAt = performance.now();
  const created = await admin.post('/tasks', { title: 'bench', body: BODY, labels: [LABEL] });
  const { reply, at } = await waiting;
  if (created.status !== 201 || reply.status !== 200) {
    throw new Error(`creating: ${created.status}, delivering: ${reply.status}`);
  }
  await completed(agent, reply.body);
  return at - createdAt;
}

async function bareTime(client: Client): Promise<number> {
  await pause(CALM_MS);
  const startedAt = performance.now();
  const handle = await client.workflow.start('bare', {
    workflowId: `bare/${randomUUID()}`,
    taskQueue: BARE_QUEUE,
    args: [BODY],
  });
  await handle.executeUpdate(takeUpdate, { args: ['me'] });
  const ms = performance.now() - startedAt;
  await handle.signal(doneSignal, 'done');
  await handle.result();
  return ms;
}

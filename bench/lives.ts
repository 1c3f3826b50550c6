/** One whole life, over REST and on the bare engine. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Api } from '../examples/demo/api';
import { BARE_QUEUE } from './bare-worker';
import { doneSignal, takeUpdate } from './bare-workflow';
import { completed } from './completed';

export type Life = (worker: number) => Promise<void>;

const BODY = 'Say hello, and say it well.';

/** create → dequeue → complete → closed. Each client has a label of its own, so that it gets its own task. */
export function restLife(creator: Api, agents: readonly Api[]): Life {
  return async (worker) => {
    const agent = agents[worker];
    if (!agent) throw new Error(`no agent ${worker}`);
    const label = `agent:bench-${worker}`;
    const created = await creator.post('/tasks', { title: 'bench', body: BODY, labels: [label] });
    expect(created.status, 201, created.body);
    const taken = await agent.post('/tasks/dequeue', {
      agent_id: `bench-${worker}`,
      capabilities: [label],
      wait_ms: 20_000,
      request_id: randomUUID(),
    });
    expect(taken.status, 200, taken.body);
    await completed(agent, taken.body);
  };
}

export function bareLife(client: Client): Life {
  return async () => {
    const handle = await client.workflow.start('bare', {
      workflowId: `bare/${randomUUID()}`,
      taskQueue: BARE_QUEUE,
      args: [BODY],
    });
    await handle.executeUpdate(takeUpdate, { args: ['me'] });
    await handle.signal(doneSignal, 'done');
    await handle.result();
  };
}

function expect(status: number, wanted: number, body: unknown) {
  if (status !== wanted) throw new Error(`expected ${wanted}, got ${status}: ${JSON.stringify(body)}`);
}

/** One task of each kind, from creation to its end, and what it cost. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Api } from '../examples/demo/api';
import { taskWorkflowId } from '../workflows/names';
import { type Cost, costOf } from './actions';

const CLOSED = new Set(['completed', 'failed', 'cancelled']);
const POLL_MS = 100;

interface Kind {
  name: string;
  /** Lives the task out and says how many queries and heartbeats it made. */
  live(id: string): Promise<number>;
}

export async function costOfKinds(
  client: Client,
  api: Api,
  agent: Api,
): Promise<Array<Cost & { kind: string }>> {
  const create = async (id: string, task: Record<string, unknown>) => {
    const reply = await api.post('/tasks', { id, title: 'bench', body: 'true', ...task });
    if (reply.status !== 201) throw new Error(JSON.stringify(reply.body));
  };
  const path = (id: string) => `/tasks/${encodeURIComponent(id)}`;
  const dequeue = async () => {
    const want = {
      agent_id: 'bench-0',
      capabilities: ['agent:bench-0'],
      wait_ms: 10_000,
      request_id: randomUUID(),
    };
    return (await agent.post('/tasks/dequeue', want)).body.lease.epoch as number;
  };
  const complete = (id: string, epoch: number) =>
    agent.post(`${path(id)}/complete`, {
      epoch,
      completion_id: randomUUID(),
      receipt: { status: 'completed', summary: 'done' },
    });
  const pull = { labels: ['agent:bench-0'] };
  const kinds: Kind[] = [
    {
      name: 'undecided, pulled',
      async live(id) {
        await create(id, pull);
        await complete(id, await dequeue());
        return 1;
      },
    },
    {
      name: 'undecided, pulled, renewed 5 times',
      async live(id) {
        await create(id, pull);
        const epoch = await dequeue();
        for (let i = 0; i < 5; i++) await agent.post(`${path(id)}/heartbeat`, { epoch });
        await complete(id, epoch);
        return 6;
      },
    },
    {
      name: 'pulled, rejected once, approved',
      async live(id) {
        await create(id, { ...pull, review: 'required' });
        await complete(id, await dequeue());
        await api.post(`${path(id)}/review`, { verdict: 'rejected', findings: [{ message: 'again' }] });
        await complete(id, await dequeue());
        await api.post(`${path(id)}/review`, { verdict: 'approved' });
        return 4;
      },
    },
    {
      name: 'undecided, run on the local host',
      async live(id) {
        await create(id, { labels: ['agent:code'], template: 'shell' });
        while (!CLOSED.has((await api.get(path(id))).body.status)) {
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        return 0;
      },
    },
  ];
  const costs = [];
  for (const kind of kinds) {
    const id = `bench/${randomUUID()}`;
    const beside = await kind.live(id);
    costs.push({ kind: kind.name, ...(await costOf(client, taskWorkflowId(id), beside)) });
  }
  return costs;
}

/** History events that 1 000 renewals of a running task add. */
export async function eventsOfRenewals(
  client: Client,
  api: Api,
  agent: Api,
  renewals: number,
): Promise<number> {
  const id = `bench/${randomUUID()}`;
  await api.post('/tasks', { id, title: 'bench', body: 'true', labels: ['agent:bench-0'] });
  const want = {
    agent_id: 'bench-0',
    capabilities: ['agent:bench-0'],
    wait_ms: 10_000,
    request_id: randomUUID(),
  };
  const { epoch } = (await agent.post('/tasks/dequeue', want)).body.lease;
  const renew = () => agent.post(`/tasks/${encodeURIComponent(id)}/heartbeat`, { epoch });
  await renew();
  const handle = client.workflow.getHandle(taskWorkflowId(id));
  // The first renewal makes the task `running`: that signal is handled before the count begins.
  while ((await api.get(`/tasks/${encodeURIComponent(id)}`)).body.status !== 'running') {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const before = (await handle.describe()).historyLength;
  for (let i = 0; i < renewals; i++) {
    const reply = await renew();
    if (reply.status !== 200) throw new Error(`renewal ${i}: ${reply.status}`);
  }
  const added = (await handle.describe()).historyLength - before;
  await api.post(`/tasks/${encodeURIComponent(id)}/cancel`);
  return added;
}

import { randomUUID } from 'node:crypto';
import type { Api } from '../examples/demo/api';
import { until } from './until';

const CLOSED = new Set(['completed', 'failed', 'cancelled']);
const CLOSED_MS = 30_000;

interface Dequeued {
  task: { id: string };
  lease: { epoch: number };
}

/**
 * Hands in the receipt of a task and sees the task completed. A busy worker may take its time to answer: then it is
 * 202, and the task is asked, as any client has to.
 */
export async function completed(agent: Api, { task, lease }: Dequeued): Promise<void> {
  const path = `/tasks/${encodeURIComponent(task.id)}`;
  const reply = await agent.post(`${path}/complete`, {
    epoch: lease.epoch,
    completion_id: randomUUID(),
    receipt: { status: 'completed', summary: 'done' },
  });
  let answer = reply.body;
  if (reply.status === 202) {
    await until(`${task.id} is completed`, CLOSED_MS, async () => {
      answer = await agent.task(task.id);
      return CLOSED.has(answer.status);
    });
  } else if (reply.status !== 200) {
    throw new Error(`expected 200 or 202, got ${reply.status}: ${JSON.stringify(reply.body)}`);
  }
  if (answer.status !== 'completed') throw new Error(`not completed: ${JSON.stringify(answer)}`);
}

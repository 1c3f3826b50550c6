import { randomUUID } from 'node:crypto';
import type { Answer, TestApi } from './api-server';

export const RECEIPT = { status: 'completed', summary: 'done' };

export type PulledTask = Awaited<ReturnType<typeof pullableTask>>;

/** A task that only those can do who know its label, driven as its agents would over HTTP. */
export async function pullableTask(api: TestApi, over: Record<string, unknown> & { label?: string } = {}) {
  const id = `pull/${randomUUID()}`;
  const path = `/tasks/${encodeURIComponent(id)}`;
  const { label = `agent:${randomUUID()}`, ...more } = over;
  const created = await api.post('/tasks', { id, title: 't', body: 'b', labels: [label], ...more });
  if (created.status !== 201) throw new Error(`no task: ${JSON.stringify(created.body)}`);
  /** With the token of the agent. */
  const pull = async (agent_id: string, more: Record<string, unknown> = {}, via = api): Promise<Answer> => {
    const token = await api.tokenFor(agent_id);
    return via.post(
      '/tasks/dequeue',
      { agent_id, capabilities: [label], wait_ms: 10_000, ...more },
      { token },
    );
  };
  const say = (token: string, verb: string, body: Record<string, unknown> = {}, via = api) =>
    via.post(`${path}/${verb}`, body, { token });
  const complete = (token: string, more: Record<string, unknown> = {}, via = api) =>
    say(token, 'complete', { receipt: RECEIPT, completion_id: randomUUID(), ...more }, via);
  return { id, path, label, pull, say, complete, view: async () => (await api.get(path)).body };
}

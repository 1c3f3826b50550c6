/** How long it takes to get a task when few wait, and when many do. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Api, createApi } from '../../examples/demo/api';
import { completed } from '../completed';
import { until } from '../until';
import { withToken } from './crowd';
import { type Times, timesOf } from './times';

const FEW = 100;
const SAMPLES = 100;
const WARM_UPS = 20;
const CREATED_AT_ONCE = 32;
const SETTLED_MS = 600_000;
const CALM_MS = 50;
const AGENT = 'bench-backlog';
/** Tasks are of several shapes, as real ones are. */
const LABELS = ['agent:code', 'agent:review', 'agent:docs', 'agent:test'];

export interface Backlog {
  few: Times & { tasks: number };
  many: Times & { tasks: number };
  /** Of the medians. */
  ratio: number;
  /** To create the many. */
  fillSeconds: number;
}

interface Side {
  tasks: number;
  admin: Api;
  agent: Api;
  ms: number[];
}

/** Two systems, so that both are measured in turns and meet the same load of the machine. */
export async function measureBacklog(
  [first, second]: [SystemUnderLoad, SystemUnderLoad],
  tasks: number,
): Promise<Backlog> {
  const few = await filled(first, FEW);
  const begin = performance.now();
  const many = await filled(second, tasks);
  const fillSeconds = (performance.now() - begin) / 1000;
  for (let i = -WARM_UPS; i < SAMPLES; i++) {
    // Each goes first every other time.
    for (const side of i % 2 === 0 ? [few, many] : [many, few]) {
      const ms = await dequeueTime(side);
      if (i >= 0) side.ms.push(ms);
    }
  }
  const of = ({ ms, tasks }: Side) => ({ ...timesOf(ms), tasks });
  return { few: of(few), many: of(many), ratio: of(many).p50Ms / of(few).p50Ms, fillSeconds };
}

export interface SystemUnderLoad {
  url: string;
  admin: Api;
}

async function filled({ url, admin }: SystemUnderLoad, tasks: number): Promise<Side> {
  const { token } = await withToken(admin, AGENT);
  let left = tasks;
  let last = '';
  const create = async () => {
    while (left > 0) last = await createTask(admin, left--);
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, create));
  // Workers take them in the order in which they came: when the last one answers, none is left to begin.
  await until('the last task has begun', SETTLED_MS, async () => {
    const { status, body } = await admin.get(`/tasks/${encodeURIComponent(last)}`);
    return status === 200 && !body.partial;
  });
  return { tasks, admin, agent: createApi(url, token), ms: [] };
}

async function createTask(admin: Api, i: number): Promise<string> {
  const labels = [LABELS[i % LABELS.length] ?? ''];
  const reply = await admin.post('/tasks', { title: 'bench', body: 'Say hello.', labels });
  if (reply.status !== 201) throw new Error(`creating: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body.id;
}

/** The task is completed and replaced, so that always as many wait. */
async function dequeueTime({ admin, agent }: Side): Promise<number> {
  await pause(CALM_MS);
  const want = { agent_id: AGENT, capabilities: LABELS, wait_ms: 20_000, request_id: randomUUID() };
  const askedAt = performance.now();
  const reply = await agent.post('/tasks/dequeue', want);
  const ms = performance.now() - askedAt;
  if (reply.status !== 200) throw new Error(`dequeue: ${reply.status} ${JSON.stringify(reply.body)}`);
  await completed(agent, reply.body);
  await createTask(admin, 0);
  return ms;
}

/**
 * A small agent: pulls tasks over HTTP, renews its lease, hands in a receipt. Run as a process of its own:
 *   API_URL=… AGENT_ID=… AGENT_TOKEN=… CAPABILITIES=agent:review node dist/examples/demo/agent.js
 * It works until SIGTERM. What it does with a task: it looks at the branches of the repository.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Receipt } from '../../contracts/receipt';
import type { Work } from '../../contracts/task';
import { createApi } from './api';

const run = promisify(execFile);
const WAIT_MS = 20_000;
const LEASE_S = 3;

interface Lease {
  /** All that is needed to renew and to complete: it knows its task and its epoch. */
  token: string;
  renew_every_s: number;
}

async function review(task: Work): Promise<Receipt> {
  const started = Date.now();
  const git = async (...args: string[]) =>
    (await run('git', ['-C', task.repository ?? '.', ...args])).stdout.trim();
  const branches = (await git('branch', '--format=%(refname:short)')).split('\n');
  const commits = await git('log', '--all', '--oneline');
  return {
    status: 'completed',
    summary: `${branches.length} branches (${branches.join(', ')}) with ${commits.split('\n').length} commits were looked at`,
    artifacts: {},
    duration_ms: Date.now() - started,
  };
}

/** Renews before it starts and at every interval; a directive to stop is obeyed. */
async function work(url: string, task: Work, lease: Lease): Promise<void> {
  const api = createApi(url, lease.token);
  const path = `/tasks/${encodeURIComponent(task.id)}`;
  const renew = async () => (await api.post(`${path}/heartbeat`, {})).body.directive as string;
  if ((await renew()) === 'terminate') return;
  const timer = setInterval(() => void renew().catch(() => undefined), lease.renew_every_s * 1000);
  try {
    const receipt = await review(task);
    await renew();
    const done = { completion_id: randomUUID(), receipt };
    // A repeat with the same completion id is harmless, so it is sent until it is answered.
    for (let tries = 0; tries < 10; tries++) {
      const reply = await api.post(`${path}/complete`, done).catch(() => null);
      if (reply && reply.status < 500) return;
    }
  } finally {
    clearInterval(timer);
  }
}

async function main() {
  const { API_URL = '', AGENT_ID = '', AGENT_TOKEN = '', CAPABILITIES = '' } = process.env;
  const api = createApi(API_URL, AGENT_TOKEN);
  let stopping = false;
  process.on('SIGTERM', () => {
    stopping = true;
    // Idle agents wait in a long poll; there is nothing to hand back.
    if (!busy) process.exit(0);
  });
  let busy = false;
  while (!stopping) {
    const want = {
      agent_id: AGENT_ID,
      capabilities: CAPABILITIES.split(','),
      wait_ms: WAIT_MS,
      lease_s: LEASE_S,
    };
    const reply = await api.post('/tasks/dequeue', { ...want, request_id: randomUUID() }).catch(() => null);
    if (reply?.status === 200) {
      busy = true;
      await work(API_URL, reply.body.task, reply.body.lease);
      busy = false;
    } else if (reply?.status !== 204) {
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

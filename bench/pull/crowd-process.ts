/**
 * Agents that wait for work, in a process of their own so that what they need is not taken for what Signalbox needs.
 * Each keeps one connection, on which it polls again as soon as it is told that there is nothing.
 */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface CrowdOrder {
  url: string;
  capability: string;
  agents: Array<{ id: string; token: string }>;
  /** How long until all of them have come, in milliseconds: they do not come all at once. */
  comeOverMs: number;
}

export interface CrowdState {
  /** Polls that wait for their answer. */
  waiting: number;
  /** Answered with 204. */
  polls: number;
  /** All other answers, and failures. */
  odd: number;
  /** The latest of these. */
  lastOdd: string | number | null;
  /** Some are kept from asking again, until all polls have ended. */
  gathering: boolean;
}

const WAIT_MS = 50_000;
const AFTER_FAILURE_MS = 1_000;
/** In which all of them ask again, once they are gathered. */
const TOGETHER_MS = 8_000;

const state: CrowdState = { waiting: 0, polls: 0, odd: 0, lastOdd: null, gathering: false };
const connections = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

let gathered: Array<() => void> = [];

/** Resolves when the agent may ask again. */
async function turn(all: number): Promise<void> {
  if (!state.gathering) return;
  const released = new Promise<void>((resolve) => gathered.push(resolve));
  if (gathered.length === all) {
    for (const release of gathered) setTimeout(release, Math.random() * TOGETHER_MS);
    gathered = [];
    state.gathering = false;
  }
  await released;
}

async function live(order: CrowdOrder, { id, token }: CrowdOrder['agents'][number]) {
  for (;;) {
    const body = JSON.stringify({
      agent_id: id,
      capabilities: [order.capability],
      wait_ms: WAIT_MS,
      request_id: randomUUID(),
    });
    state.waiting += 1;
    const answer = await post(`${order.url}/api/v1/tasks/dequeue`, token, body).catch(
      (error: Error) => error.message,
    );
    state.waiting -= 1;
    if (answer === 204) {
      state.polls += 1;
    } else {
      state.odd += 1;
      state.lastOdd = answer;
      await pause(AFTER_FAILURE_MS);
    }
    await turn(order.agents.length);
  }
}

function post(url: string, token: string, body: string): Promise<number> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: connections, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

if (require.main === module) {
  process.on('message', (message: CrowdOrder | 'state' | 'gather') => {
    if (message === 'state') {
      process.send?.(state);
      return;
    }
    if (message === 'gather') {
      state.gathering = true;
      return;
    }
    const between = message.comeOverMs / message.agents.length;
    message.agents.forEach((agent, i) => {
      setTimeout(() => void live(message, agent), i * between);
    });
  });
  process.on('disconnect', () => process.exit(0));
}

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
  /** Polls are being cut short, so that all of them end and begin again within some seconds. */
  gathering: boolean;
}

const WAIT_MS = 50_000;
const AFTER_FAILURE_MS = 1_000;
/** In which all of them ask again when they are gathered. */
const TOGETHER_MS = 8_000;

const state: CrowdState = { waiting: 0, polls: 0, odd: 0, lastOdd: null, gathering: false };
const connections = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

let gatherAt = 0;

/** Agents that were told to gather have all begun a poll of the whole time since. */
function gather() {
  gatherAt = Date.now() + WAIT_MS;
  state.gathering = true;
  setTimeout(() => {
    state.gathering = false;
  }, WAIT_MS + TOGETHER_MS);
}

/** Nobody falls silent for it: who asks again before the time asks for less, and is heard of all the while. */
function waitMs(): number {
  const left = gatherAt + Math.floor(Math.random() * TOGETHER_MS) - Date.now();
  return left > 0 && left < WAIT_MS ? left : WAIT_MS;
}

async function live(order: CrowdOrder, { id, token }: CrowdOrder['agents'][number]) {
  for (;;) {
    const body = JSON.stringify({
      agent_id: id,
      capabilities: [order.capability],
      wait_ms: waitMs(),
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
      gather();
      return;
    }
    const between = message.comeOverMs / message.agents.length;
    message.agents.forEach((agent, i) => {
      setTimeout(() => void live(message, agent), i * between);
    });
  });
  process.on('disconnect', () => process.exit(0));
}

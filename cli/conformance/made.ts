/** What the kit leaves on a deployment unless it cleans up after itself. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client';
import { isNoRoute } from './client';
import type { Answer } from './wire';

export interface Made {
  /** With the answers to their creation. */
  tasks: Map<string, Promise<unknown>>;
  quarantined: Set<string>;
  /** Remembers what an answer says was kept; gives the answer back. */
  note(answer: Answer): Answer;
}

export function createMade(): Made {
  const quarantined = new Set<string>();
  return {
    tasks: new Map(),
    quarantined,
    note(answer) {
      const id = (answer.body as { quarantine_id?: unknown } | null)?.quarantine_id;
      if (typeof id === 'string') quarantined.add(id);
      return answer;
    },
  };
}

/** A killed agent cannot be forgotten before its kill has settled. */
const FORGET_MS = 20_000;
const AGAIN_MS = 500;
const AT_ONCE = 4;

/** Cancels, discards and forgets. @returns what is left, for people: empty when nothing is. Rejects for nothing */
export async function cleanUp(staff: Client, made: Made, agents: string[]): Promise<string[]> {
  // One that is still being created could not be cancelled yet.
  await Promise.allSettled(made.tasks.values());
  const tasks = await each(made.tasks.keys(), async (id) => {
    const path = `/tasks/${encodeURIComponent(id)}`;
    const body = { reason: 'signalbox conformance is over', message_id: randomUUID() };
    const { status } = await staff.post(`${path}/cancel`, body, { repeatable: true });
    return [200, 404, 410].includes(status);
  });
  const receipts = await each(made.quarantined, async (id) => {
    const { status } = await staff.post(`/quarantine/${encodeURIComponent(id)}/discard`);
    return [200, 404, 409].includes(status);
  });
  const known = await each(agents, (id) => forget(staff, id));
  return [
    ...tasks.map((id) => `task ${id}: could not be cancelled`),
    ...receipts.map((id) => `${id}: could not be discarded`),
    ...(known.length > 0 ? [`${known.length} agents, without tasks: ${known.join(', ')}`] : []),
  ];
}

async function forget(staff: Client, id: string): Promise<boolean> {
  const giveUp = Date.now() + FORGET_MS;
  for (;;) {
    const answer = await staff.call('DELETE', `/agents/${encodeURIComponent(id)}`);
    if (answer.status === 204) return true;
    if (isNoRoute(answer)) return false;
    if (answer.status === 404) return true;
    if (answer.status !== 409 || Date.now() > giveUp) return false;
    await pause(AGAIN_MS);
  }
}

/** @returns those for which it is not done */
async function each(ids: Iterable<string>, work: (id: string) => Promise<boolean>): Promise<string[]> {
  const left: string[] = [];
  const waiting = [...ids];
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (!(await work(id).catch(() => false))) left.push(id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return left;
}

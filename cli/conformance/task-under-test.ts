import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { taskAnswerSchema } from '../../contracts/api';
import { type Dequeued, dequeuedSchema, grantedSchema, leaseGrantSchema } from '../../contracts/lease';
import type { TaskView } from '../../contracts/task';
import type { Agent } from './agents';
import type { Client } from './client';
import { answered } from './expectations';
import type { Answer } from './wire';

/** Deployments may show more or less of a task; this much is needed of every one. */
export const createdSchema = z.looseObject({ id: z.string(), status: z.string() });

/** What most invariants need of a claim: that of lease tokens and of several tasks at once is tested by its own. */
const claimSchema = dequeuedSchema.extend({
  lease: leaseGrantSchema.extend({ token: z.string().default('none') }),
  more: z.array(grantedSchema).default([]),
});

export const RECEIPT = { status: 'completed', summary: 'done by signalbox conformance' };

/** In seconds; long enough for a slow connection, short enough to wait for its end. */
export const SHORT_LEASE_S = 1;
/** In milliseconds: how long a dequeue waits for a task that is there or will be. */
export const WAIT_MS = 10_000;

/** Messages that their sender names, so that a repeat is one. */
const NAMED = new Set(['status', 'release']);
const REPEATABLE = { repeatable: true };

export interface TaskUnderTest {
  id: string;
  /** Of the task, below `/api/v1`. */
  path: string;
  /** What an agent must be capable of to be offered it. */
  label: string;
  view(): Promise<TaskView>;
  /** The answer, whatever it is. */
  dequeue(agent: Agent, more?: Record<string, unknown>): Promise<Answer>;
  /** A claim that must succeed. */
  take(agent: Agent, more?: Record<string, unknown>): Promise<Dequeued & { more: Dequeued[] }>;
  /** A message about the attempt with a token of an agent, or of a lease. */
  say(by: { token: string }, verb: string, body?: Record<string, unknown>): Promise<Answer>;
  complete(by: { token: string }, more?: Record<string, unknown>): Promise<Answer>;
  /** With the token that the kit was given. */
  cancel(): Promise<Answer>;
}

export function taskUnderTest(parts: {
  id: string;
  label: string;
  staff: Client;
  as(by: { token: string }): Client;
}): TaskUnderTest {
  const { id, label, staff, as } = parts;
  const path = `/tasks/${encodeURIComponent(id)}`;
  const dequeue = (agent: Agent, more: Record<string, unknown> = {}) => {
    const wanted = { agent_id: agent.id, capabilities: [label], wait_ms: WAIT_MS, ...more };
    const timeoutMs = Number(wanted.wait_ms) + WAIT_MS;
    return as(agent).post('/tasks/dequeue', { request_id: randomUUID(), ...wanted }, { timeoutMs });
  };
  const say = (by: { token: string }, verb: string, body: Record<string, unknown> = {}) =>
    as(by).post(
      `${path}/${verb}`,
      NAMED.has(verb) ? { message_id: randomUUID(), ...body } : body,
      REPEATABLE,
    );
  return {
    id,
    path,
    label,
    dequeue,
    say,
    view: async () => answered('the task', await staff.get(path), 200, taskAnswerSchema),
    take: async (agent, more) =>
      answered(`the claim of ${agent.id}`, await dequeue(agent, more), 200, claimSchema),
    complete: (by, more = {}) =>
      say(by, 'complete', { receipt: RECEIPT, completion_id: randomUUID(), ...more }),
    cancel: () => staff.post(`${path}/cancel`, { reason: 'a test', message_id: randomUUID() }, REPEATABLE),
  };
}

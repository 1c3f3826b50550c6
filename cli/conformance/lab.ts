/** What an invariant works with: tasks and agents of its own on the deployment, calls with a deadline, patience. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Agent, Agents } from './agents';
import { type Client, createClient } from './client';
import { answered, Mismatch } from './expectations';
import type { Made } from './made';
import { createdSchema, type TaskUnderTest, taskUnderTest } from './task-under-test';
import type { Wire } from './wire';

export interface Lab {
  /** With the token that the kit was given. */
  staff: Client;
  /** With no token, or with one that is none. */
  stranger(token?: string): Client;
  /** Agents that other invariants use as well. */
  agents: Agent[];
  /** Two of them. */
  pair: [ada: Agent, bob: Agent];
  freshAgent: Agents['fresh'];
  as(agent: { token: string }): Client;
  /** A task that only this invariant's agents can do. */
  task(over?: Record<string, unknown>): Promise<TaskUnderTest>;
  /** Waits until it is true, or does not throw. Throws Mismatch after some seconds. */
  until<T>(expected: string, look: () => Promise<T | false | null | undefined>): Promise<T>;
  /** In milliseconds; ends early with the invariant. */
  pause(ms: number): Promise<void>;
}

export interface LabParts {
  wire: Wire;
  token: string;
  agents: Agents;
  /** Of the run: part of every id. */
  run: string;
  made: Made;
  /** How long what is to come may take, in milliseconds. */
  patienceMs: number;
  signal: AbortSignal;
}

const LOOK_EVERY_MS = 100;

export function createLab({ wire, token, agents, run, made, patienceMs, signal }: LabParts): Lab {
  const noting: Wire = async (method, path, options) => made.note(await wire(method, path, options));
  const as = ({ token: its }: { token: string }) => createClient(noting, its);
  const staff = as({ token });
  const [ada, bob] = agents.shared as [Agent, Agent];
  const wait = (ms: number) => pause(ms, undefined, { signal });
  return {
    staff,
    stranger: (its) => createClient(noting, its ?? null),
    agents: agents.shared,
    pair: [ada, bob],
    freshAgent: agents.fresh,
    as,
    async task({ label = `agent:conformance-${randomUUID()}`, ...over }: Record<string, unknown> = {}) {
      const id = `conformance/${run}/${randomUUID()}`;
      const input = {
        id,
        title: 'Conformance test',
        body: 'Nothing to do: this task belongs to signalbox conformance.',
        labels: [label],
        execution_mode: 'http_pull',
        max_retries: 3,
        ...over,
      };
      const creation = staff.post('/tasks', input, { lasting: true });
      made.tasks.set(id, creation);
      answered('a new task', await creation, 201, createdSchema);
      return taskUnderTest({ id, label: String(label), staff, as });
    },
    async until(expected, look) {
      const giveUp = Date.now() + patienceMs;
      let last: unknown = 'it did not come to that';
      for (;;) {
        try {
          const value = await look();
          if (value) return value;
        } catch (error) {
          if (!(error instanceof Mismatch)) throw error;
          last = error.seen;
        }
        if (Date.now() > giveUp)
          throw new Mismatch(`${expected}, within ${patienceMs / 1_000} s`, String(last));
        await wait(LOOK_EVERY_MS);
      }
    },
    pause: async (ms) => void (await wait(ms)),
  };
}

/** Who gets a task, and that nobody else does. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { completedSchema } from '../../../contracts/api';
import { dequeuedSchema } from '../../../contracts/lease';
import { answered, expectStatus, holds, same, showAnswer } from '../expectations';
import type { Invariant } from '../invariant';
import type { Lab } from '../lab';
import { RECEIPT, type TaskUnderTest, WAIT_MS } from '../task-under-test';
import type { Answer } from '../wire';

const CLAIMERS = 8;
/** In milliseconds: how long the losers of a race wait for another task. */
const LOSERS_WAIT_MS = 500;

const isGrant = ({ status }: Answer) => status === 200;

/** Under one label, and known to every process of the API that asks the index. */
async function tasksInTheIndex(
  { staff, task, until }: Lab,
  count: number,
): Promise<[TaskUnderTest, ...TaskUnderTest[]]> {
  const first = await task();
  const all: [TaskUnderTest, ...TaskUnderTest[]] = [first];
  while (all.length < count) all.push(await task({ label: first.label }));
  await until('the tasks to be listed', async () => {
    const page = await staff.get(`/tasks?label=${encodeURIComponent(first.label)}`);
    return answered('the list', page, 200, listSchema).tasks.length === count;
  });
  return all;
}

const listSchema = z.object({ tasks: z.array(z.unknown()) });

export const claims: Invariant[] = [
  {
    name: 'v1/claim-race',
    requires: `of ${CLAIMERS} claims of one task at the same time exactly one wins`,
    async check({ agents, task }) {
      const one = await task();
      const claimers = Array.from({ length: CLAIMERS }, (_, i) => agents[i % agents.length] ?? agents[0]);
      const answers = await Promise.all(
        claimers.flatMap((agent) => (agent ? [one.dequeue(agent, { wait_ms: LOSERS_WAIT_MS })] : [])),
      );
      for (const answer of answers) expectStatus('a claim in a race', answer, [200, 204]);
      const winners = answers.filter(isGrant);
      holds('one winner', winners.length === 1, `${winners.length} winners: ${winners.map(showAnswer)}`);
      same(
        'attempts at the task',
        [1],
        (await one.view()).attempts.map(({ epoch }) => epoch),
      );
    },
  },
  {
    name: 'v1/claim-reply-lost',
    requires: 'a dequeue sent again under its request_id with retry: true gets the same claim',
    async check({ pair: [ada], task, until }) {
      const one = await task();
      const request_id = randomUUID();
      const { lease } = await one.take(ada, { request_id });
      for (let i = 0; i < 2; i++) {
        const again = await until('the same claim again', async () => {
          const answer = await one.dequeue(ada, { request_id, retry: true, wait_ms: 0 });
          expectStatus('the repeated dequeue', answer, [200, 204]);
          return answer.status === 200 && answered('the repeated dequeue', answer, 200, dequeuedSchema);
        });
        same('task and epoch of the repeat', [one.id, lease.epoch], [again.task.id, again.lease.epoch]);
      }
      const { attempts, retry_count } = await one.view();
      same('attempts and retries', [1, 0], [attempts.length, retry_count]);
      expectStatus('the receipt', await one.complete(ada, { epoch: lease.epoch }), 200);
    },
  },
  {
    name: 'v1/nothing-to-do',
    requires: 'who is not capable of all agent:* labels of a task waits as long as asked, and gets 204',
    async check({ pair: [ada], task, as }) {
      const label = `agent:conformance-${randomUUID()}`;
      const one = await task({ label, labels: [label, 'agent:more'] });
      const begun = Date.now();
      const wanted = { agent_id: ada.id, capabilities: [label], wait_ms: LOSERS_WAIT_MS };
      expectStatus('a dequeue', await as(ada).post('/tasks/dequeue', wanted), 204);
      const waited = Date.now() - begun;
      holds(`an answer after ${LOSERS_WAIT_MS} ms`, waited >= LOSERS_WAIT_MS - 50, `after ${waited} ms`);
      same('status of the task', 'created', (await one.view()).status);
    },
  },
  {
    name: 'v1/max-tasks',
    requires:
      'max_tasks brings so many tasks at most, each with a lease of its own; a repeat brings the same',
    async check(lab) {
      const { pair, until } = lab;
      const [ada] = pair;
      // More than one are taken only if they are there, as far as the process of the API knows.
      const { all, got, request_id } = await until('two tasks for max_tasks: 2', async () => {
        const some = await tasksInTheIndex(lab, 3);
        const request_id = randomUUID();
        const { more, ...one } = await some[0].take(ada, { max_tasks: 2, request_id });
        holds('two tasks at most for max_tasks: 2', more.length <= 1, `${more.length + 1} tasks`);
        return more.length === 1 && { all: some, got: [one, ...more], request_id };
      });
      const ids = got.map(({ task: { id } }) => id).sort();
      same('different tasks', 2, new Set(ids).size);
      // Else a repeat that comes too early for the index might take them.
      const others = all.filter(({ id }) => !ids.includes(id));
      for (const one of others) expectStatus('cancel', await one.cancel(), 200);
      const again = await until('the same claims again', async () => {
        const answer = await all[0].dequeue(ada, { max_tasks: 2, request_id, retry: true, wait_ms: 0 });
        const repeat = answer.status === 200 && answered('the repeat', answer, 200, dequeuedSchema);
        return repeat && repeat.more.length === 1 && [repeat, ...repeat.more];
      });
      same('tasks of the repeat', ids, again.map(({ task: { id } }) => id).sort());
      for (const { task: work, lease } of got) {
        const its = all.find(({ id }) => id === work.id) ?? all[0];
        expectStatus('the receipt by its lease token', await its.complete(lease), 200);
      }
    },
  },
  {
    name: 'v1/complete-and-next',
    requires: 'complete with next brings the next task along; a repeat brings the same, and null means none',
    async check({ pair: [ada], task, until }) {
      const first = await task();
      const { lease } = await first.take(ada);
      const second = await task({ label: first.label });
      const completion_id = randomUUID();
      const next = { capabilities: [first.label], wait_ms: WAIT_MS, request_id: randomUUID() };
      const answer = await first.complete(lease, { completion_id, next });
      const done = answered('complete with next', answer, 200, completedSchema);
      same('the next task', [second.id, 1], [done.next?.task.id, done.next?.lease.epoch]);
      await until('the same next task again', async () => {
        const told = { completion_id, next: { ...next, wait_ms: 0, retry: true } };
        const repeat = answered('the repeat', await first.complete(lease, told), 200, completedSchema);
        return repeat.next?.task.id === second.id && repeat.next.lease.epoch === 1;
      });
      const last = { receipt: RECEIPT, next: { capabilities: [first.label], wait_ms: 0 } };
      const end = await second.complete(done.next?.lease ?? lease, last);
      same('next when there is none', null, answered('the last', end, 200, completedSchema).next);
    },
  },
];

/** Whose word counts for a task, and whose does not. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { taskAnswerSchema } from '../../../contracts/api';
import { heartbeatAnswerSchema } from '../../../contracts/lease';
import { answered, holds, refused, same } from '../expectations';
import type { Invariant } from '../invariant';
import { RECEIPT, type TaskUnderTest } from '../task-under-test';
import { leaseIsOver } from './directives';

/** Every message about an attempt. */
const MESSAGES: Array<[verb: string, body: Record<string, unknown>]> = [
  ['heartbeat', {}],
  ['status', { status: 'running' }],
  ['status', { status: 'failed' }],
  ['release', {}],
  ['complete', { receipt: RECEIPT, completion_id: 'c' }],
];

async function eachRefused(
  one: Pick<TaskUnderTest, 'say'>,
  by: { token: string },
  more: Record<string, unknown>,
  [status, code]: [number, string | string[]],
) {
  for (const [verb, body] of MESSAGES) {
    refused(verb, await one.say(by, verb, { ...body, ...more, ...freshId(verb) }), status, code);
  }
}

const freshId = (verb: string) => (verb === 'complete' ? { completion_id: randomUUID() } : {});

export const access: Invariant[] = [
  {
    name: 'v1/held-by-other',
    requires: 'messages under an epoch that another agent holds are 423 held_by_other, and change nothing',
    async check({ pair: [ada, bob], task }) {
      const one = await task();
      const { epoch } = (await one.take(ada)).lease;
      await eachRefused(one, bob, { epoch }, [423, 'held_by_other']);
      const { status, assigned_agent_id } = await one.view();
      same('status and holder', ['assigned', ada.id], [status, assigned_agent_id]);
      const done = await one.complete(ada, { epoch });
      same('the status', 'completed', answered('the receipt', done, 200, taskAnswerSchema).status);
    },
  },
  {
    name: 'v1/closed',
    requires: 'messages about a task that is closed are 410 closed',
    async check({ pair: [ada], task }) {
      const one = await task();
      const { epoch } = (await one.take(ada)).lease;
      const done = answered('it', await one.complete(ada, { epoch }), 200, taskAnswerSchema);
      await eachRefused(one, ada, { epoch }, [410, 'closed']);
      same('the task', done, await one.view());
    },
  },
  {
    name: 'v1/lease-token',
    requires: 'the token of a lease renews, reports and completes without agent token and epoch',
    async check({ pair: [ada], task }) {
      const one = await task();
      const { lease } = await one.take(ada);
      const beat = await one.say(lease, 'heartbeat');
      same('directive', 'continue', answered('renewal', beat, 200, heartbeatAnswerSchema).directive);
      const told = await one.say(lease, 'status', { status: 'running' });
      same('status', 'running', answered('the report', told, 200, taskAnswerSchema).status);
      const done = await one.complete(lease);
      same('status', 'completed', answered('the receipt', done, 200, taskAnswerSchema).status);
      const other = await task();
      const { lease: second } = await other.take(ada);
      const freed = await other.say(second, 'release');
      same('status', 'created', answered('the release', freed, 200, taskAnswerSchema).status);
      leaseIsOver('a renewal after the release', await other.say(second, 'heartbeat'));
    },
  },
  {
    name: 'v1/lease-token-scope',
    requires: 'the token of a lease is good for no other task, no other epoch and nothing else',
    async check({ pair: [ada], as, task }) {
      const [mine, theirs] = [await task(), await task()];
      const { lease } = await mine.take(ada);
      const { lease: other } = await theirs.take(ada);
      await eachRefused(theirs, lease, {}, [403, 'wrong_task']);
      await eachRefused(mine, lease, { epoch: lease.epoch + 1 }, [422, 'wrong_epoch']);
      const holder = as(lease);
      const wanted = { agent_id: ada.id, capabilities: [mine.label] };
      refused('dequeue', await holder.post('/tasks/dequeue', wanted), 403, 'forbidden');
      for (const path of ['/tasks', mine.path, '/agents', '/quarantine']) {
        refused(`GET ${path}`, await holder.get(path), 403, 'forbidden');
      }
      answered('the other lease', await theirs.complete(other), 200, taskAnswerSchema);
    },
  },
  {
    name: 'v1/other-product',
    requires: 'a token of another product sees no task: 404, 204, an empty list',
    async check({ pair: [ada], as, freshAgent, task }) {
      const eve = await freshAgent({ product: `conformance-${randomUUID()}` });
      const one = await task();
      const want = await one.dequeue(eve, { wait_ms: 0 });
      same('a dequeue of the other product', 204, want.status);
      const { epoch } = (await one.take(ada)).lease;
      await eachRefused(one, eve, { epoch }, [404, 'task_not_found']);
      for (const path of [one.path, `${one.path}/events`]) {
        refused(`GET ${path}`, await as(eve).get(path), 404, 'task_not_found');
      }
      const list = await as(eve).get(`/tasks?label=${encodeURIComponent(one.label)}`);
      const { tasks } = answered('the list', list, 200, z.object({ tasks: z.array(z.unknown()) }));
      same('the list', [], tasks);
      same('the task', ada.id, (await one.view()).assigned_agent_id);
    },
  },
  {
    name: 'v1/unknown-task',
    requires: 'messages about a task that is not there are 404 task_not_found',
    async check({ pair: [ada], as, staff }) {
      const path = `/tasks/conformance%2F${randomUUID()}`;
      const none = {
        say: (by: { token: string }, verb: string, body = {}) => as(by).post(`${path}/${verb}`, body),
      };
      await eachRefused(none, ada, { epoch: 1 }, [404, 'task_not_found']);
      for (const verb of ['', '/events']) {
        refused('reading it', await staff.get(`${path}${verb}`), 404, 'task_not_found');
      }
    },
  },
  {
    name: 'v1/no-token',
    requires: 'without a token, or with one that is none, every call is 401, which repeats no token',
    async check({ pair: [ada], stranger, task }) {
      const one = await task();
      const bad = `conformance.${randomUUID()}.bad`;
      for (const [token, code] of [
        [undefined, 'token_missing'],
        [bad, 'token_invalid'],
        [`${ada.token.slice(0, -4)}AAAA`, 'token_invalid'],
      ] as const) {
        const nobody = stranger(token);
        for (const [verb, body] of MESSAGES) {
          refused(verb, await nobody.post(`${one.path}/${verb}`, body), 401, code);
        }
        const problem = refused('GET', await nobody.get(one.path), 401, code);
        holds('no token in the answer', !JSON.stringify(problem).includes(bad), 'the token');
        const wanted = { agent_id: ada.id, capabilities: [one.label] };
        refused('dequeue', await nobody.post('/tasks/dequeue', wanted), 401, code);
      }
    },
  },
  {
    name: 'v1/other-agent',
    requires: 'a token speaks for its own agent alone: 403 wrong_agent',
    async check({ pair: [ada, bob], as, task }) {
      const one = await task();
      const wanted = { agent_id: bob.id, capabilities: [one.label] };
      refused('dequeue', await as(ada).post('/tasks/dequeue', wanted), 403, 'wrong_agent');
      const { epoch } = (await one.take(bob)).lease;
      await eachRefused(one, ada, { epoch, agent_id: bob.id }, [403, 'wrong_agent']);
    },
  },
];

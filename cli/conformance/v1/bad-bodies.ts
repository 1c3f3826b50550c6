/** Bodies that do not fit, for every route that takes one. */
import { isNoRoute } from '../client';
import { Mismatch, problemOf, same, showAnswer } from '../expectations';
import type { Invariant } from '../invariant';
import { RECEIPT, type TaskUnderTest } from '../task-under-test';
import type { Answer } from '../wire';

interface Route {
  path: string;
  /** Each of its members is spoiled in turn. */
  good: Record<string, unknown>;
  by: 'holder' | 'staff';
  /** Not every deployment has it. */
  optional?: true;
}

/** Should an order be taken in spite of its body, it hits nobody. */
const NOBODY = 'conformance-nobody';

const routes = (task: string, agent: string): Route[] => [
  {
    path: '/tasks',
    by: 'staff',
    good: {
      id: 'conformance/bad',
      title: 't',
      body: 'b',
      labels: [],
      priority: 5,
      max_retries: 1,
      timeouts: {},
    },
  },
  {
    path: '/tasks/dequeue',
    by: 'holder',
    good: {
      agent_id: agent,
      capabilities: [],
      wait_ms: 0,
      lease_s: 60,
      max_tasks: 1,
      request_id: 'r',
      retry: false,
    },
  },
  { path: `${task}/heartbeat`, by: 'holder', good: { epoch: 1, progress: 'p', checkpoint: {} } },
  {
    path: `${task}/status`,
    by: 'holder',
    good: { epoch: 1, status: 'running', message: 'm', message_id: 'i' },
  },
  {
    path: `${task}/complete`,
    by: 'holder',
    good: { epoch: 1, receipt: RECEIPT, completion_id: 'c', next: {} },
  },
  { path: `${task}/release`, by: 'holder', good: { epoch: 1, checkpoint: {}, message_id: 'i' } },
  { path: `${task}/assign`, by: 'staff', good: { agent_id: agent, reason: 'r' } },
  { path: `${task}/review`, by: 'staff', good: { verdict: 'approved', findings: [], confidence: 1 } },
  { path: `${task}/cancel`, by: 'staff', good: { reason: 'r', message_id: 'i' } },
  { path: `${task}/retry`, by: 'staff', good: {} },
  { path: '/quarantine/quarantine%2Fconformance%2F1%2Fc/accept', by: 'staff', good: {} },
  { path: '/quarantine/quarantine%2Fconformance%2F1%2Fc/discard', by: 'staff', good: {} },
  { path: '/agents', by: 'holder', good: { agent_id: agent, capabilities: [], slots: 1, version: '1' } },
  {
    path: `/agents/${NOBODY}/heartbeat`,
    by: 'holder',
    good: { health: 'ok', load: 0, capabilities: [] },
    optional: true,
  },
  ...['cordon', 'uncordon', 'drain', 'kill'].map((order): Route => {
    return { path: `/agents/${NOBODY}/${order}`, by: 'staff', good: { reason: 'r' }, optional: true };
  }),
  { path: '/tokens', by: 'staff', good: { agent_id: agent, role: 'agent', product: 'p' } },
];

/** Fits no member of any body. */
const MISFIT = { 'no such member': [{}] };

function misfits(good: Record<string, unknown>): unknown[] {
  const spoiled = Object.keys(good).map((name) => ({ ...good, [name]: MISFIT }));
  const nul = Object.entries(good).flatMap(([name, value]) =>
    typeof value === 'string' ? [{ ...good, [name]: `${value}\0` }] : [],
  );
  return [[], [good], 'text', 7, { ...good, surprise: true }, ...spoiled, ...nul];
}

/** What no refused message may change; the time of a lease begins when it is picked up. */
async function standing(one: TaskUnderTest) {
  const { last_activity_at: _, lease, ...rest } = await one.view();
  return { ...rest, holder: lease?.holder, epoch_held: lease?.epoch };
}

const NOT_JSON = ['{', '{"epoch":1', '\u0000', 'epoch=1'];

/** 400 or 422 with a code and, for each member that does not fit, where, what came and what was expected. */
export function expectProblem(answer: Answer, sent: string, statuses: number[], withErrors: boolean) {
  const problem = problemOf(answer);
  const errors = problem?.errors ?? [];
  if (problem && statuses.includes(answer.status) && (!withErrors || errors.length > 0)) return;
  // Not this token's to call, whatever the body.
  if (problem && answer.status === 403 && problem.code === 'forbidden') return;
  const form = `problem details with a code${withErrors ? ' and errors' : ''}`;
  throw new Mismatch(
    `${answer.call} with ${sent}: ${statuses.join(' or ')} as ${form}`,
    `${answer.headers.get('content-type')} ${showAnswer(answer)}`,
  );
}

export const badBodies: Invariant[] = [
  {
    name: 'v1/bad-bodies',
    requires:
      'bodies that do not fit are 400 or 422 on every route, say what is wrong where, and change nothing',
    async check({ pair: [ada], as, staff, task }) {
      const one = await task();
      await one.take(ada, { lease_s: 600 });
      const before = await standing(one);
      for (const { path, by, good, optional } of routes(one.path, ada.id)) {
        const client = by === 'staff' ? staff : as(ada);
        const answers = misfits(good).map(async (body) => {
          const answer = await client.post(path, body, { patient: false });
          if (optional && isNoRoute(answer)) return;
          expectProblem(answer, JSON.stringify(body).slice(0, 120), [400, 422], true);
        });
        await Promise.all(answers);
      }
      same('the task', before, await standing(one));
    },
  },
  {
    name: 'v1/not-json',
    requires: 'what is no JSON, or is sent as another type, is 400 or 415 on every route',
    async check({ pair: [ada], as, staff, task }) {
      const one = await task();
      await one.take(ada, { lease_s: 600 });
      const before = await standing(one);
      for (const { path, by, good, optional } of routes(one.path, ada.id)) {
        const client = by === 'staff' ? staff : as(ada);
        await Promise.all([
          ...NOT_JSON.map(async (raw) => {
            const answer = await client.call('POST', path, { raw, patient: false });
            if (optional && isNoRoute(answer)) return;
            expectProblem(answer, JSON.stringify(raw), [400, 422], false);
          }),
          ...['text/xml', 'application/x-www-form-urlencoded'].map(async (type) => {
            const sent = { raw: JSON.stringify(good), headers: { 'content-type': type }, patient: false };
            const answer = await client.call('POST', path, sent);
            if (optional && isNoRoute(answer)) return;
            expectProblem(answer, type, [400, 415], false);
          }),
        ]);
      }
      same('the task', before, await standing(one));
    },
  },
];

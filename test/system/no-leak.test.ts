/** Prompts and tokens must not reach logs, ids, search attributes, memos or lists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createApi } from '../../examples/demo/api';
import { agentCrowd } from '../helpers/agent-crowd';
import { everythingShown } from '../helpers/everything-shown';
import { createFleet, type Fleet, ROLES, untilAnswered, untilClosed } from '../helpers/fleet';

jest.setTimeout(600_000);

const SENTINEL = 'sentinel-of-the-prompt-7b1e';
let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.start(...ROLES);
});

afterAll(async () => {
  await fleet?.stop();
});

it('keeps a prompt and the tokens out of everything that is logged, listed or indexed', async () => {
  const token = (await fleet.admin.post('/tokens', { agent_id: 'quiet', role: 'agent' })).body
    .token as string;
  const body = `# ${SENTINEL}\nexit 3`;
  const ids = ['leak/run', 'leak/pull', 'leak/walk', 'leak/fleet'];
  const make = (id: string, label: string) => ({
    id,
    title: SENTINEL,
    body,
    labels: [label],
    max_retries: 0,
    template: 'shell',
  });
  await untilAnswered('creation', () => fleet.admin.post('/tasks', make('leak/run', 'agent:code')), 201);
  await untilAnswered('creation', () => fleet.admin.post('/tasks', make('leak/pull', 'agent:pull')), 201);
  const walker = { ids: ['walker'], urlOf: () => fleet.url, capability: 'agent:walk', lease_s: 30 };
  const crowd = agentCrowd(fleet, walker);
  await crowd.start();
  await untilAnswered('creation', () => fleet.admin.post('/tasks', make('leak/walk', 'agent:walk')), 201);
  const runnerToken = await asFactory(make('leak/fleet', 'agent:fleet'));
  const agent = await fleet.agent('quiet');
  const want = { agent_id: 'quiet', capabilities: ['agent:pull'], wait_ms: 10_000 };
  const taken = await untilAnswered('the task', () => agent.post('/tasks/dequeue', want), 200);
  expect(taken.body.task.body).toContain(SENTINEL);
  // By the lease token from here on, in every message there is; and once where it may not be used.
  const leaseToken = taken.body.lease.token as string;
  const holder = createApi(fleet.url, leaseToken, { connection: 'close' });
  const own = '/tasks/leak%2Fpull';
  expect((await holder.post(`${own}/heartbeat`, { progress: 'some' })).status).toBe(200);
  expect((await holder.post('/tasks/leak%2Frun/heartbeat', {})).status).toBe(403);
  expect((await holder.post('/tasks/dequeue', want)).status).toBe(403);
  expect((await holder.post(`${own}/complete`, { receipt: leaseToken, completion_id: 'c' })).status).toBe(
    422,
  );
  const next = { capabilities: ['agent:none'] };
  const receipt = { status: 'failed', summary: 'no' };
  const end = () => holder.post(`${own}/complete`, { receipt, completion_id: 'c', next });
  expect((await untilAnswered('the end', end, 200)).body.next).toBeNull();
  for (const id of ids) expect(await untilClosed(fleet.admin, id)).toMatchObject({ status: 'failed' });
  await crowd.drain();
  const said = crowd.output('walker');
  expect(said).toContain('leak/walk');
  const walkerToken = readFileSync(join(crowd.directory, 'walker.token'), 'utf8');
  await crowd.close();
  // Wrong calls are logged, too.
  await fleet.admin.post('/tasks', { ...make('leak/run', 'agent:code'), unknown: SENTINEL });
  await fleet.admin.post('/tasks', { ...make('leak/run', 'agent:code'), body: `${body} other` });

  const seen = [...(await everythingShown(fleet)), said];
  for (const id of ids) seen.push(JSON.stringify(await fleet.admin.events(id)));

  expect(seen.length).toBeGreaterThan(5);
  for (const text of seen) {
    expect(text).not.toContain(SENTINEL);
    for (const secret of [token, leaseToken, runnerToken, walkerToken]) {
      expect(text).not.toContain(secret);
      // Not the part of it that is as good as the whole either.
      expect(text).not.toContain(secret.split('.')[2]);
    }
    expect(text).not.toContain(fleet.headers.authorization?.slice('Bearer '.length));
  }
});

/** Creates a task whose lock is a secret too, and fails it over the fleet contract. Answers the token. */
async function asFactory(task: { id: string; body: string }): Promise<string> {
  const body = `---\nlock: ${SENTINEL}\n---\n${task.body}`;
  await untilAnswered('creation', () => fleet.admin.post('/tasks', { ...task, body }), 201);
  const { token } = (await fleet.admin.post('/tokens', { agent_id: 'factory' })).body;
  const call = async (method: string, path: string, sent: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = { method, headers, body: JSON.stringify({ factoryId: 'factory', ...sent }) };
    const response = await fetch(`${fleet.url}/api/fleet/${path}`, request);
    return { status: response.status, body: response.status === 204 ? null : await response.json() };
  };
  const claim = { capabilities: ['agent:fleet'] };
  const job = (await untilAnswered('a job', () => call('POST', 'claim', claim), 200)).body;
  expect(job.bodyMd).toContain(SENTINEL);
  const at = `jobs/${encodeURIComponent(job.id)}`;
  const { leaseEpoch } = job;
  expect((await call('PATCH', at, { stage: SENTINEL, leaseEpoch })).status).toBe(422);
  await untilAnswered('a stage', () => call('PATCH', at, { stage: 'building', leaseEpoch }), 200);
  await untilAnswered('the end', () => call('PATCH', at, { stage: 'failed', leaseEpoch }), 200);
  return token;
}

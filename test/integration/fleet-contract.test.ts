/** The cases of the contract, as far as they concern the server, and what must not go wrong beside them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { claimed, fleetJob, fleetRunner, HASTY, jobPath, type Runner, wip } from '../helpers/fleet-runner';
import { type Platform, startPlatform } from '../helpers/platform';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let engine: Platform['engine'];
let api: TestApi;
/** Another process of the API, with leases so short that a test can wait for their end. */
let hasty: TestApi;

beforeAll(async () => {
  platform = await startPlatform('fleet');
  ({ engine, api } = platform);
  hasty = await platform.another({ config: HASTY });
});

afterAll(() => platform?.close());

const jobFor = (names: string[], over: Record<string, unknown> = {}, via = api) =>
  fleetJob(api, names, over, via);

describe('heartbeat', () => {
  it('registers the factory, and says how much it could claim', async () => {
    const { label, runner } = await jobFor([`f-${randomUUID()}.local-a1b2`]);
    await api.post('/tasks', { title: 't', body: 'b', labels: [label, 'urgent'], priority: 1 });
    await api.post('/tasks', { title: 't', body: 'b', labels: [label, 'agent:other'] });
    const health = { status: 'degraded' };
    expect(await runner.beat({ health, load: 0.5, new_in_the_runner: 1 })).toMatchObject({
      status: 200,
      body: { claimable: 2 },
    });
    await waitUntil(
      async () => {
        expect((await api.get('/agents')).body.holders).toContainEqual(
          expect.objectContaining({ id: runner.factoryId, capabilities: [label], presence: 'online' }),
        );
        return true;
      },
      { what: 'the factory to be listed' },
    );
    const signals = async () => {
      const history = await engine.client.workflow.getHandle(`agent/${runner.factoryId}`).fetchHistory();
      return history.events?.filter((event) => event.workflowExecutionSignaledEventAttributes).length;
    };
    // Until its presence is watched, each beat is a signal.
    const before = await waitUntil(
      async () => {
        const known = await signals();
        const { status } = await runner.beat();
        return status === 200 && (await signals()) === known && known;
      },
      { what: 'beats that cost nothing' },
    );
    expect(await runner.beat()).toMatchObject({ status: 200 });
    expect(await signals()).toBe(before);
    await runner.beat({ capabilities: [label, 'agent:more'] });
    expect(await signals()).toBe((before ?? 0) + 1);
  });

  it('of a name that cannot be an id is 422 and says what is expected', async () => {
    const runner = await fleetRunner(api, 'ada');
    const answer = await runner.beat({ factoryId: 'host name/1' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request' } });
    expect(answer.body.errors[0]).toMatchObject({
      field: 'factoryId',
      expected: expect.stringContaining('letters'),
    });
  });

  it('for another factory than the token names is 403', async () => {
    const runner = await fleetRunner(api, 'ada');
    expect((await runner.beat({ factoryId: 'bob' })).status).toBe(403);
    expect((await runner.claim({ factoryId: 'bob' })).status).toBe(403);
    expect((await api.post('/api/fleet/claim', { factoryId: 'x' }, { token: null })).status).toBe(401);
  });
});

describe('claim', () => {
  it('gives the job once, with its body and a lease of 900 s, and then nothing', async () => {
    const { id, runners } = await jobFor(['ada', 'bob']);
    const answers = await Promise.all(runners.map((runner) => runner.claim()));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 204]);
    const { body } = answers.find(({ status }) => status === 200) ?? { body: null };
    expect(body).toMatchObject({ id, bodyMd: 'do it', leaseEpoch: 1, checkpoint: null });
    expect(Date.parse(body.leaseExpiresAt) - Date.now()).toBeGreaterThan(880_000);
  });

  it('never gives the unrenewed job of a factory to its other worker', async () => {
    const { runner } = await jobFor(['ada']);
    await claimed(runner);
    expect((await runner.claim()).status).toBe(204);
    const isListed = async () =>
      (await api.get('/agents')).body.holders.some((holder: { id: string }) => holder.id === 'ada');
    await waitUntil(isListed, { what: 'a factory that only claims to be known' });
  });

  it('can be repeated by a client that names its claims', async () => {
    const { id, runner } = await jobFor(['ada']);
    const requestId = randomUUID();
    expect((await runner.claim({ requestId })).status).toBe(200);
    const again = await waitUntil(
      async () => {
        const got = await runner.claim({ requestId, retry: true });
        return got.status === 200 && got;
      },
      { what: 'the same claim' },
    );
    expect(again.body).toMatchObject({ id, leaseEpoch: 1 });
  });

  it('whose answer was lost lapses uncharged, and the job is offered again', async () => {
    const { id, runners } = await jobFor(['ada', 'bob'], {}, hasty);
    expect((await claimed(runners[0] as Runner)).leaseEpoch).toBe(1);
    expect((await claimed(runners[1] as Runner)).leaseEpoch).toBe(2);
    expect((await api.get(`/tasks/${encodeURIComponent(id)}`)).body.retry_count).toBe(0);
  });
});

describe('stages', () => {
  it('go from queued to shipped, and the receipt is made from the checkpoint', async () => {
    const { id, runner } = await jobFor(['ada']);
    expect((await runner.get(id)).body.stage).toBe('queued');
    const { leaseEpoch } = await claimed(runner);
    expect((await runner.get(id)).body).toMatchObject({ stage: 'assigned', leaseEpoch: 1, bodyMd: 'do it' });
    for (const stage of [
      'assigned',
      'building',
      'building',
      'review',
      'building',
      'testing',
      'building',
      'blocked',
    ]) {
      const answer = await runner.report(id, stage, leaseEpoch, stage === 'building' ? wip : undefined);
      expect(answer).toMatchObject({ status: 200, body: { stage, blocked: stage === 'blocked' } });
      expect(Date.parse(answer.body.leaseExpiresAt) - Date.now()).toBeGreaterThan(880_000);
    }
    // Nothing of it is in the memory of a process.
    expect((await hasty.get(jobPath(id))).body).toMatchObject({ stage: 'blocked', checkpoint: wip });
    expect((await hasty.get(jobPath(id))).body.bodyMd).toBeUndefined();
    for (let i = 0; i < 2; i++) {
      const shipped = await runner.report(id, 'shipped', leaseEpoch, { wipBranch: '', wipCommit: 'abcdef1' });
      expect(shipped).toMatchObject({ status: 200, body: { stage: 'shipped', leaseExpiresAt: null } });
    }
    expect((await runner.release(id, leaseEpoch)).status).toBe(200);
    const task = (await api.get(`/tasks/${encodeURIComponent(id)}`)).body;
    expect(task).toMatchObject({
      status: 'completed',
      receipt: { status: 'completed', artifacts: { branch: 'wip/1', commit: 'abcdef1' } },
    });
    expect((await runner.get(id, '/runs')).body.runs).toEqual([
      expect.objectContaining({ leaseEpoch: 1, factoryId: 'ada', outcome: 'completed' }),
    ]);
    const events = (await runner.get(id, '/events')).body.events.map((e: { message: string }) => e.message);
    expect(events).toEqual(expect.arrayContaining(['building', 'review', 'testing', 'blocked']));
  });

  it('that may not follow are 422, and change nothing', async () => {
    const { id, runner } = await jobFor(['ada']);
    const { leaseEpoch } = await claimed(runner);
    await runner.report(id, 'testing', leaseEpoch);
    for (const stage of ['review', 'queued', 'assigned']) {
      expect(await runner.report(id, stage, leaseEpoch)).toMatchObject({
        status: 422,
        body: { code: 'illegal_stage' },
      });
    }
    expect((await runner.report(id, 'deploying', leaseEpoch)).status).toBe(422);
    expect((await runner.get(id)).body.stage).toBe('testing');
    await runner.report(id, 'shipped', leaseEpoch);
    for (const stage of ['building', 'failed', 'dead_letter', 'queued', 'assigned']) {
      expect(await runner.report(id, stage, leaseEpoch)).toMatchObject({
        status: 422,
        body: { code: 'illegal_stage' },
      });
    }
    expect((await runner.renew(id, leaseEpoch)).status).toBe(422);
  });

  it('failed ends the attempt, dead_letter the task', async () => {
    const { id, runner } = await jobFor(['ada']);
    const first = await claimed(runner);
    for (let i = 0; i < 2; i++) {
      expect(await runner.report(id, 'failed', first.leaseEpoch, wip)).toMatchObject({ status: 200 });
    }
    expect((await runner.release(id, first.leaseEpoch)).status).toBe(200);
    expect((await runner.report(id, 'shipped', first.leaseEpoch)).status).toBe(422);
    const second = await claimed(runner);
    expect(second).toMatchObject({ leaseEpoch: 2, checkpoint: wip });
    for (let i = 0; i < 2; i++) {
      expect(await runner.report(id, 'dead_letter', second.leaseEpoch)).toMatchObject({
        status: 200,
        body: { stage: 'dead_letter', reason: { code: 'agent_failed' } },
      });
    }
    expect((await runner.release(id, second.leaseEpoch)).status).toBe(200);
    expect((await runner.report(id, 'building', first.leaseEpoch)).status).toBe(422);
  });

  it('shipped to a review shows it, and a rejection comes back in the body', async () => {
    const { id, runner } = await jobFor(['ada'], { review: 'required' });
    const { leaseEpoch } = await claimed(runner);
    expect((await runner.report(id, 'shipped', leaseEpoch, wip)).body.stage).toBe('review');
    expect((await runner.report(id, 'shipped', leaseEpoch, wip)).status).toBe(200);
    expect((await runner.release(id, leaseEpoch)).status).toBe(200);
    const findings = [{ file: 'a.ts', line: 3, message: 'no' }];
    await api.post(`/tasks/${encodeURIComponent(id)}/review`, { verdict: 'rejected', findings });
    expect((await claimed(runner)).bodyMd).toMatch(/^do it\n\n## Findings[\s\S]*- a\.ts:3: no/);
  });
});

/** Who is kept out of a job, and who is not. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { taskWorkflowId } from '../../workflows/names';
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
  platform = await startPlatform('fleet-fence');
  ({ engine, api } = platform);
  hasty = await platform.another({ config: HASTY });
});

afterAll(() => platform?.close());

const jobFor = (names: string[], over: Record<string, unknown> = {}, via = api) =>
  fleetJob(api, names, over, via);

describe('fencing', () => {
  it('is 409 for every message of an old epoch, whose shipment is quarantined', async () => {
    const { id, label, runners } = await jobFor(['ada', 'bob'], {}, hasty);
    const [ada, bob] = runners as [Runner, Runner];
    const old = await claimed(ada);
    await ada.report(id, 'building', old.leaseEpoch, wip);
    // With a long lease, which lasts to the end of the test.
    const bobs = await fleetRunner(api, 'bob', { capabilities: [label] });
    const now = await claimed(bobs);
    expect(now).toMatchObject({ leaseEpoch: 2, checkpoint: wip });
    expect((await bobs.report(id, 'building', now.leaseEpoch)).status).toBe(200);
    for (const stage of ['building', 'shipped', 'failed', 'dead_letter', 'queued']) {
      expect(await ada.report(id, stage, old.leaseEpoch)).toMatchObject({
        status: 409,
        body: { code: 'stale_epoch' },
      });
    }
    expect((await ada.renew(id, old.leaseEpoch)).status).toBe(409);
    expect((await ada.release(id, old.leaseEpoch)).status).toBe(409);
    const { quarantine_id } = (await ada.report(id, 'shipped', old.leaseEpoch)).body;
    expect(quarantine_id).toEqual(expect.stringContaining(`quarantine/${id}/1/`));
    await waitUntil(
      async () =>
        (await api.get('/quarantine')).body.items.some((item: { id: string }) => item.id === quarantine_id),
      { what: 'the receipt to be shown' },
    );
    expect((await bobs.renew(id, now.leaseEpoch)).status).toBe(200);
    expect((await bob.get(id)).body.stage).toBe('building');
    // Closed by another: stale all the same, since nothing but 409 stops these runners.
    await bobs.report(id, 'shipped', now.leaseEpoch, wip);
    for (const answer of [
      await ada.report(id, 'building', old.leaseEpoch),
      await ada.report(id, 'shipped', old.leaseEpoch),
      await ada.renew(id, old.leaseEpoch),
      await ada.release(id, old.leaseEpoch),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
    }
  });

  it('is 409 after a cancellation, and 403 for a factory that never had the epoch', async () => {
    const { id, runners } = await jobFor(['ada', 'bob']);
    const [ada, bob] = runners as [Runner, Runner];
    const { leaseEpoch } = await claimed(ada);
    for (const answer of [
      await bob.report(id, 'shipped', 1),
      await bob.renew(id, 1),
      await bob.release(id, 1),
    ]) {
      expect(answer.status).toBe(403);
    }
    expect((await ada.report(id, 'building', leaseEpoch)).status).toBe(200);
    await api.post(`/tasks/${encodeURIComponent(id)}/cancel`);
    for (const answer of [
      await ada.report(id, 'shipped', 1),
      await ada.renew(id, 1),
      await ada.release(id, 1),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { code: 'stale_epoch' } });
    }
    expect((await ada.get(id)).body).toMatchObject({ stage: 'dead_letter', reason: { code: 'cancelled' } });
  });

  it('release gives the job back at once, with its checkpoint', async () => {
    const { id, runner } = await jobFor(['ada']);
    const { leaseEpoch } = await claimed(runner);
    await runner.report(id, 'building', leaseEpoch, wip);
    for (let i = 0; i < 2; i++) {
      expect(await runner.release(id, leaseEpoch)).toMatchObject({ status: 200, body: { stage: 'queued' } });
    }
    expect(await claimed(runner)).toMatchObject({ leaseEpoch: 3, checkpoint: wip });
  });

  it('a job that is not there is 404, also when no job could have the name', async () => {
    const runner = await fleetRunner(api, 'ada');
    for (const id of ['none', 'a b', '%', `x${'y'.repeat(200)}`]) {
      for (const answer of [
        await runner.get(id),
        await runner.report(id, 'building', 1),
        await runner.renew(id, 1),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
      }
    }
  });
});

describe('a body', () => {
  it('is seen by its holder alone, and no token or body is in any report', async () => {
    const sentinel = `sentinel-${randomUUID()}`;
    const { id, runners } = await jobFor(['ada', 'bob'], {
      body: `---\nlock: ${sentinel}\n---\n${sentinel}`,
    });
    const [ada, bob] = runners as [Runner, Runner];
    const { leaseEpoch } = await claimed(ada);
    expect((await ada.get(id)).body.bodyMd).toContain(sentinel);
    await ada.report(id, 'building', leaseEpoch, wip);
    const seen = [
      await bob.get(id),
      await api.get(jobPath(id)),
      await api.get(`/tasks/${encodeURIComponent(id)}`),
    ];
    await ada.report(id, 'shipped', leaseEpoch);
    for (const below of ['', '/runs', '/events']) seen.push(await ada.get(id, below));
    seen.push(
      await ada.report(id, 'shipped', leaseEpoch),
      await ada.release(id, leaseEpoch),
      await ada.renew(id, 99),
    );
    for await (const { workflowId, memo, searchAttributes } of engine.client.workflow.list()) {
      seen.push({ status: 0, headers: new Headers(), body: { workflowId, memo, searchAttributes } });
    }
    for (const { body } of seen) {
      expect(JSON.stringify(body)).not.toContain(sentinel);
      expect(JSON.stringify(body)).not.toContain('eyJ');
    }
  });
});

describe('renewal', () => {
  it('costs no history, and keeps the lease of a job whose stage is not reported again', async () => {
    const { id, runner } = await jobFor(['ada'], {}, hasty);
    const { leaseEpoch } = await claimed(runner);
    await runner.report(id, 'testing', leaseEpoch, wip);
    const handle = engine.client.workflow.getHandle(taskWorkflowId(id));
    // Again where a busy machine let the lease lapse, which costs history: renewals that cost some always do.
    await waitUntil(
      async () => {
        const before = (await handle.describe()).historyLength;
        const until = Date.now() + 1_500;
        while (Date.now() < until) {
          if ((await runner.renew(id, leaseEpoch)).body.leaseEpoch !== 1) return false;
        }
        return (await handle.describe()).historyLength === before;
      },
      { what: 'renewals that cost nothing' },
    );
    await waitUntil(
      async () => {
        expect((await runner.renew(id, leaseEpoch)).body.leaseEpoch).toBe(1);
        const { body } = await runner.get(id);
        expect(body).toMatchObject({ stage: 'testing', checkpoint: wip, leaseEpoch: 1 });
        return true;
      },
      { what: 'the stage of a job that is held' },
    );
  });

  it('by an admin speaks for the holder of the epoch', async () => {
    const { id, runner } = await jobFor(['ada']);
    const { leaseEpoch } = await claimed(runner);
    const boss = await fleetRunner(api, 'ada', { token: 'admin-token-for-tests' });
    expect((await boss.report(id, 'building', leaseEpoch)).status).toBe(200);
    expect((await boss.renew(id, leaseEpoch)).status).toBe(200);
    expect((await boss.release(id, leaseEpoch)).status).toBe(200);
  });
});

describe('products', () => {
  it('are separate: claims, reads and reports', async () => {
    const { id, label } = await jobFor([], { product: 'p1' });
    const token = await api.tokenFor('mallory', { product: 'p2' });
    const mallory = await fleetRunner(api, 'mallory', { token, capabilities: [label] });
    expect((await mallory.beat()).body).toEqual({ claimable: 0 });
    expect((await mallory.claim()).status).toBe(204);
    for (const answer of [
      await mallory.get(id),
      await mallory.get(id, '/runs'),
      await mallory.get(id, '/events'),
      await mallory.report(id, 'shipped', 1),
      await mallory.renew(id, 1),
      await mallory.release(id, 1),
    ]) {
      expect(answer.status).toBe(404);
    }
    const posing = await fleetRunner(api, 'mallory', { token, capabilities: [label], product: 'p1' });
    for (const answer of [await posing.beat(), await posing.claim(), await posing.get(id)]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'wrong_product' } });
    }
    const own = await api.tokenFor('grace', { product: 'p1' });
    const grace = await fleetRunner(api, 'grace', { token: own, capabilities: [label], product: 'p1' });
    expect((await claimed(grace)).leaseEpoch).toBe(1);
  });

  it('are chosen by the header with a token that has none', async () => {
    const { label } = await jobFor([], { product: 'p1' });
    const roaming = (product: string) => fleetRunner(api, 'roamer', { capabilities: [label], product });
    expect((await (await roaming('p2')).claim()).status).toBe(204);
    expect((await (await roaming('p 1')).claim()).status).toBe(422);
    expect((await claimed(await roaming('p1'))).leaseEpoch).toBe(1);
  });
});

/** examples/fleet-runner.sh and the client it is made of: fenced, and cut off. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { claimed, fleetRunner } from '../helpers/fleet-runner';
import { type Platform, startPlatform } from '../helpers/platform';
import { type Factory, shellFactories } from '../helpers/shell-factories';
import { begun, isGone, WORK } from '../helpers/shell-runner';
import { type TcpProxy, tcpProxy } from '../helpers/tcp-proxy';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let api: TestApi;
/** Another process of the API, with leases so short that a test can wait for their end. */
let hasty: TestApi;
/** Between the runners and `hasty`. */
let network: TcpProxy;
const { factory, stop, jobOf, taskOf } = shellFactories(() => api, WORK);

beforeAll(async () => {
  platform = await startPlatform('fleet-sh-faults');
  ({ api } = platform);
  const config = { fleet: { lease_ms: 1_000, presence_ms: 60_000 } };
  hasty = await platform.another({ config });
  network = await tcpProxy(Number(new URL(hasty.url).port));
});

afterEach(async () => {
  network.thaw();
  await stop();
});

afterAll(async () => {
  await network?.close();
  await platform?.close();
});

const overNetwork = () => ({
  AQ_FLEET_API: `http://127.0.0.1:${network.port}/api`,
  AQ_FLEET_TIMEOUT_SEC: '3',
});
/** Until reports of review, testing and shipped got no answer. */
const unheard = (runner: Factory) =>
  waitUntil(() => (runner.events().match(/call=PATCH .* code=000/g) ?? []).length >= 3, {
    what: `reports without an answer; ${runner.events()}`,
    timeoutMs: 60_000,
  });

/** Another factory, with a long lease, takes the job over as soon as it may. */
async function takeOver(runner: Factory) {
  const bob = await fleetRunner(api, `bob-${randomUUID()}`, { capabilities: [runner.label] });
  const job = await claimed(bob);
  expect(job.leaseEpoch).toBe(2);
  return { bob, job };
}

describe('fencing', () => {
  it('stops a job whose lease is found lost at a renewal, with all its processes, and does not ship it', async () => {
    const runner = await factory({ AQ_FLEET_API: `${hasty.url}/api`, AQ_FLEET_LEASE_RENEW_SEC: '3' });
    const id = await runner.job('do it');
    runner.start('run');
    await begun(runner);
    const { bob } = await takeOver(runner);
    await runner.until('quarantine');
    expect(runner.files('quarantine').meta).toMatchObject({
      id,
      leaseEpoch: '1',
      state: 'fenced',
      stage: 'building',
    });
    expect(runner.events()).toContain(`event=fenced-abort job=${id} epoch=1\n`);
    await waitUntil(() => /event=quarantined why=fenced .*\/quarantine\//.test(runner.events()), {
      what: 'word of it',
    });
    await waitUntil(() => isGone(runner.read('pid').trim()), { what: 'its process to be gone' });
    expect(runner.has('merged')).toBe(false);
    expect((await bob.report(id, 'building', 2)).status).toBe(200);
    const status = runner.start('status');
    await status.ended;
    expect(status.output()).toMatch(/^quarantine .* epoch=1 stage=building state=fenced/m);
  });

  it('stops a job at a report of a stage', async () => {
    const runner = await factory({ AQ_FLEET_API: `${hasty.url}/api`, AQ_TEST: 'touch ../tested' });
    const id = await runner.job('do it');
    runner.start('run');
    await begun(runner);
    const { bob } = await takeOver(runner);
    runner.say('go');
    await runner.until('quarantine');
    expect(runner.events()).toContain(`event=fenced-abort job=${id} epoch=1\n`);
    expect([runner.has('tested'), runner.has('merged')]).toEqual([false, false]);
    expect((await bob.report(id, 'shipped', 2)).status).toBe(200);
    expect((await jobOf(id)).stage).toBe('shipped');
  });

  it('stops a job that was cancelled', async () => {
    const runner = await factory({ AQ_FLEET_LEASE_RENEW_SEC: '1' });
    const id = await runner.job('do it');
    runner.start('run');
    await begun(runner);
    await api.post(`/tasks/${encodeURIComponent(id)}/cancel`);
    await runner.until('quarantine');
    expect(runner.has('merged')).toBe(false);
  });
});

describe('a coordinator out of reach', () => {
  it('lets the job be finished, which is shipped once it is back', async () => {
    const runner = await factory(overNetwork());
    const id = await runner.job('do it');
    runner.start('run');
    await begun(runner);
    network.freeze();
    network.cut();
    runner.say('go');
    await runner.until('waiting');
    await unheard(runner);
    expect(runner.has('merged')).toBe(false);
    network.thaw();
    await runner.until('shipped');
    expect(runner.has('merged')).toBe(true);
    expect(await taskOf(id)).toMatchObject({ status: 'completed', epoch: 1 });
  });

  it('is told the stage that it missed, when it is back in mid-job', async () => {
    const AQ_TEST = 'touch ../testing; until [ -e ../go-on ]; do sleep 0.1; done';
    const runner = await factory({ ...overNetwork(), AQ_FLEET_LEASE_RENEW_SEC: '1', AQ_TEST });
    const id = await runner.job('do it');
    runner.start('run');
    await begun(runner);
    network.freeze();
    network.cut();
    runner.say('go');
    await waitUntil(() => runner.has('testing'), { what: 'the tests to run', timeoutMs: 60_000 });
    expect((await jobOf(id)).stage).not.toBe('testing');
    network.thaw();
    await waitUntil(async () => (await jobOf(id)).stage === 'testing', {
      what: 'its stage',
      timeoutMs: 60_000,
    });
    runner.say('go-on');
    await runner.until('shipped');
  });

  it('that took a claim, and whose answer was lost, is asked for it again', async () => {
    const lossy = await tcpProxy(Number(new URL(api.url).port));
    try {
      const AQ_FLEET_API = `http://127.0.0.1:${lossy.port}/api`;
      const runner = await factory({ AQ_FLEET_API, AQ_FLEET_TIMEOUT_SEC: '3' });
      const id = await runner.job('do it');
      lossy.freeze('down');
      runner.start('run');
      await waitUntil(async () => (await jobOf(id)).leaseEpoch === 1, {
        what: 'the claim',
        timeoutMs: 60_000,
      });
      await waitUntil(() => runner.events().includes('path=/fleet/claim code=000'), { what: 'its loss' });
      lossy.thaw();
      runner.say('go');
      await runner.until('shipped');
      // By its lease it would be free only after 900 s.
      expect(await taskOf(id)).toMatchObject({ status: 'completed', epoch: 1, retry_count: 0 });
    } finally {
      await stop();
      await lossy.close();
    }
  });

  it('quarantines the result when the job is another’s by then', async () => {
    const runner = await factory(overNetwork());
    const id = await runner.job('do it');
    runner.start('run');
    await begun(runner);
    network.freeze();
    network.cut();
    runner.say('go');
    await runner.until('waiting');
    await unheard(runner);
    const { bob } = await takeOver(runner);
    network.thaw();
    await runner.until('quarantine');
    const { meta } = runner.files('quarantine');
    expect(meta).toMatchObject({ id, leaseEpoch: '1', state: 'fenced', stage: 'shipped' });
    expect(runner.has('merged')).toBe(false);
    await waitUntil(() => /event=quarantined why=fenced/.test(runner.events()), { what: 'word of it' });
    // The coordinator shows it to a person as well.
    await waitUntil(
      async () =>
        (await api.get('/quarantine')).body.items.some(
          (item: { id: string }) => item.id === meta.quarantineId,
        ),
      { what: 'the result to be shown' },
    );
    expect((await jobOf(id)).stage).not.toBe('shipped');
    expect((await bob.report(id, 'shipped', 2)).status).toBe(200);
  });
});

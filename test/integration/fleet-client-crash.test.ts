/** examples/fleet-runner.sh: stopped, killed, and put off by the coordinator. */
import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { shellFactories } from '../helpers/shell-factories';
import { begun, isGone, WORK } from '../helpers/shell-runner';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let api: TestApi;
const { factory, stop, jobOf, taskOf } = shellFactories(() => api, WORK);

beforeAll(async () => {
  platform = await startPlatform('fleet-sh-crash');
  ({ api } = platform);
});

afterEach(stop);

afterAll(() => platform?.close());

describe('a runner', () => {
  it('that is killed takes its job up again under the same epoch, and ends what it left running', async () => {
    const runner = await factory();
    const id = await runner.job('do it');
    const first = runner.start('run');
    await begun(runner);
    const pid = runner.read('pid').trim();
    expect(await first.kill('SIGKILL')).toBe('SIGKILL');
    expect(isGone(pid)).toBe(false);
    runner.start('run');
    await waitUntil(() => isGone(pid), { what: 'the process it left behind to be gone', timeoutMs: 60_000 });
    runner.say('go');
    await runner.until('shipped');
    expect(await taskOf(id)).toMatchObject({ status: 'completed', epoch: 1 });
  });

  it('that is stopped gives its job back at once, and costs no retry', async () => {
    const runner = await factory();
    const id = await runner.job('do it');
    const command = runner.start('run');
    await begun(runner);
    expect(await command.kill()).toBe(0);
    expect(isGone(runner.read('pid').trim())).toBe(true);
    expect(await taskOf(id)).toMatchObject({ status: 'created', retry_count: 0 });
    expect(Object.values(runner.places()).flat()).toEqual([]);
  });

  it('does not share its directory', async () => {
    const runner = await factory();
    await runner.job('do it');
    runner.start('run');
    await begun(runner);
    const second = runner.start('run');
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('is that of the runner');
  });

  it('that is told 503 goes on, and hands in its result later', async () => {
    const busy = await busyServer();
    try {
      const runner = await factory({ AQ_FLEET_LEASE_RENEW_SEC: '1' });
      const id = await runner.job('do it');
      const first = runner.start('run');
      await begun(runner);
      await first.kill('SIGKILL');
      runner.say('go');
      const second = runner.start('run', { AQ_FLEET_API: busy.url });
      await runner.until('waiting');
      expect(runner.events()).toContain('code=503');
      expect((await jobOf(id)).stage).toBe('building');
      await second.kill();
      runner.start('run');
      await runner.until('shipped');
      expect(await taskOf(id)).toMatchObject({ status: 'completed', epoch: 1 });
    } finally {
      await busy.close();
    }
  });
});

/** Answers 503 to everything. */
async function busyServer() {
  const server: Server = createServer((_request, response) => {
    response.writeHead(503, { 'retry-after': '1', connection: 'close' }).end('{"code":"unavailable"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/api`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** A run survives its supervisor at the worker, and dies without one; whichever part of it is killed. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StartedRun } from '../../contracts/run';
import { launchersBelow, localHost, marked } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let host: ReturnType<typeof localHost>;
beforeEach(() => {
  host = localHost();
});
afterEach(() => host.close());

const pidIn = (started: StartedRun, file: string) =>
  Number(readFileSync(join(started.run_dir, file), 'utf8').split(' ')[0]);

const record = (started: StartedRun) => readFileSync(join(started.run_dir, 'rc'), 'utf8');
const recorded = (started: StartedRun) =>
  waitUntil(() => existsSync(join(started.run_dir, 'rc')), { what: 'the record' });

const start = async (fields: Parameters<typeof host.request>[0] = {}) => {
  const request = host.request({ script: '(setsid sleep 600 &); sleep 600', ...fields });
  const started = await host.activities.startRun(request);
  await waitUntil(() => marked(request.attempt_id).length >= 3, { what: 'the tree' });
  return { request, started };
};

describe("the dead-man's watch", () => {
  it('ends a run that nobody follows, and says so', async () => {
    const { request, started } = await start({ host_lost_after_ms: 6_000, kill_grace_ms: 200 });
    await recorded(started);
    expect(record(started)).toContain('reason=host_lost\n');
    expect(marked(request.attempt_id)).toEqual([]);
    expect((await host.follow(request, started).outcome).failure?.code).toBe('host_lost');
  });

  it('ends one that ignores TERM too', async () => {
    const script = "trap '' TERM; (setsid sleep 600 &); while :; do sleep 0.1; done";
    const { request, started } = await start({ script, host_lost_after_ms: 6_000, kill_grace_ms: 200 });
    await recorded(started);
    expect(record(started)).toContain('reason=host_lost\n');
    expect(marked(request.attempt_id)).toEqual([]);
  });

  it('counts from the last sign of a follower', async () => {
    const { request, started } = await start({ host_lost_after_ms: 8_000, kill_grace_ms: 200 });
    const { env, beats, outcome } = host.follow(request, started);
    const began = Date.now();
    await waitUntil(() => beats.length > 0 && Date.now() - began > 20_000, { what: '20 s of following' });
    expect(marked(request.attempt_id)).toContain(started.process.pid);
    env.cancel('CANCELLED');
    await expect(outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
    await recorded(started);
    expect(record(started)).toContain('reason=host_lost\n');
  });
});

describe('kill -9 of the launcher', () => {
  it('supervisor: the watch ends the run and records it', async () => {
    const { request, started } = await start();
    process.kill(pidIn(started, 'launcher'), 'SIGKILL');
    const outcome = await host.follow(request, started).outcome;
    expect(outcome.failure?.code).toBe('run_lost');
    expect(outcome.exit_code).toBeNull();
    expect(marked(request.attempt_id)).toEqual([]);
  });

  it('supervisor and watch: the follower does', async () => {
    const { request, started } = await start();
    process.kill(pidIn(started, 'watch'), 'SIGKILL');
    process.kill(pidIn(started, 'launcher'), 'SIGKILL');
    const outcome = await host.follow(request, started).outcome;
    expect(outcome.failure?.code).toBe('run_lost');
    expect(marked(request.attempt_id)).toEqual([]);
    expect(record(started)).toContain('reason=launcher_lost\n');
  });

  it('everything at once', async () => {
    const { request, started } = await start();
    for (const pid of [pidIn(started, 'watch'), pidIn(started, 'launcher'), ...marked(request.attempt_id)]) {
      process.kill(pid, 'SIGKILL');
    }
    expect((await host.follow(request, started).outcome).failure?.code).toBe('run_lost');
  });

  it('watch alone: a follower starts another, which then does its work', async () => {
    const { request, started } = await start({ host_lost_after_ms: 8_000, kill_grace_ms: 200 });
    const first = pidIn(started, 'watch');
    process.kill(first, 'SIGKILL');
    const { env, outcome } = host.follow(request, started);
    await waitUntil(() => pidIn(started, 'watch') !== first, { what: 'a new watch' });
    env.cancel('CANCELLED');
    await expect(outcome).rejects.toThrow();
    await recorded(started);
    expect(record(started)).toContain('reason=host_lost\n');
    expect(marked(request.attempt_id)).toEqual([]);
  });

  it('a kill still ends the run, and records it', async () => {
    const { request, started } = await start();
    process.kill(pidIn(started, 'watch'), 'SIGKILL');
    process.kill(pidIn(started, 'launcher'), 'SIGKILL');
    const report = await host.activities.killRun({ ...request, immediate: false });
    expect(report).toMatchObject({ seen: 'dead', survivors: [] });
    expect(record(started)).toContain('reason=killed\n');
  });
});

describe('signals to the launcher that are not KILL', () => {
  it.each(['SIGHUP', 'SIGTERM', 'SIGINT'] as const)(
    '%s: it stays until it has recorded the end',
    async (signal) => {
      const script = 'while [ ! -e stop ]; do sleep 0.02; done; echo finished';
      const request = host.request({ script });
      const started = await host.activities.startRun(request);
      process.kill(pidIn(started, 'launcher'), signal);
      const following = host.follow(request, started);
      await waitUntil(() => following.beats.length > 3, { what: 'some looks at the run' });
      writeFileSync(join(started.work_dir, 'stop'), '');
      expect((await following.outcome).receipt?.summary).toBe('finished');
    },
  );
});

it('a restart of the host is a lost run, whatever pids are in use again', async () => {
  const { request, started } = await start();
  for (const pid of [pidIn(started, 'watch'), pidIn(started, 'launcher')]) process.kill(pid, 'SIGKILL');
  for (const pid of marked(request.attempt_id)) process.kill(pid, 'SIGKILL');
  for (const file of ['launcher', 'watch', 'pid']) {
    // Alive, but of another boot.
    writeFileSync(join(started.run_dir, file), `${process.pid} 1 00000000-another-boot\n`);
  }
  expect((await host.follow(request, started).outcome).failure?.code).toBe('run_lost');
});

it('the agent gone by itself is an exit like any other', async () => {
  const { request, started } = await start();
  process.kill(started.process.pid, 'SIGKILL');
  const outcome = await host.follow(request, started).outcome;
  expect(outcome).toMatchObject({ exit_code: 137, failure: { code: 'interrupted' } });
  expect(marked(request.attempt_id)).toEqual([]);
});

it('leaves no process of its own once the run is over', async () => {
  await host.run({ script: 'true' });
  await waitUntil(() => launchersBelow(host.root).length === 0, { what: 'the launcher to end' });
});

describe('a host without setsid, and one without /proc', () => {
  const withoutSetsid = () => {
    const bin = mkdtempSync(join(host.root, 'bin-'));
    for (const name of readdirSync('/usr/bin')) {
      if (name !== 'setsid') symlinkSync(`/usr/bin/${name}`, join(bin, name));
    }
    return bin;
  };

  it.each([
    ['setsid', () => ({ PATH: withoutSetsid() })],
    ['/proc', () => ({ SIGNALBOX_PROC: '/nowhere' })],
  ])('runs, ends and is killed without %s', async (_, envOf) => {
    const outer = host;
    const inner = localHost({ env: envOf() });
    host = inner;
    try {
      expect((await inner.run({ script: 'echo fine' })).receipt?.summary).toBe('fine');
      const { request, started } = await start({ script: 'sleep 600 & (sleep 600 &); sleep 600' });
      const report = await inner.activities.killRun({ ...request, immediate: false });
      expect(report).toMatchObject({ seen: 'dead', survivors: [] });
      expect((await inner.follow(request, started).outcome).failure?.code).toBe('killed');
      expect(marked(request.attempt_id)).toEqual([]);
    } finally {
      host = outer;
      await inner.close();
    }
  });
});

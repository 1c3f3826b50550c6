/** One agent per attempt, never more runs than slots, whatever dies in between. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PLACES_SH } from '../../activities/ssh/scripts/places-sh';
import { PROCESS_SH } from '../../activities/ssh/scripts/process-sh';
import { workName } from '../../activities/workspace/work-name';
import { localHost, marked } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let host: ReturnType<typeof localHost>;
beforeEach(() => {
  host = localHost();
});
afterEach(() => host.close());

const COUNTED = 'echo started >> starts; while [ ! -e stop ]; do sleep 0.05; done';

const kill = (attempt_id: string) =>
  host.activities.killRun({ attempt_id, kill_grace_ms: 200, immediate: true });

describe('a start that is repeated', () => {
  it('adopts the run that is there', async () => {
    const request = host.request({ script: COUNTED });
    const first = await host.activities.startRun(request);
    const second = await host.activities.startRun(request);
    expect(first.adopted).toBe(false);
    expect(second).toEqual({ ...first, adopted: true });
    writeFileSync(join(first.work_dir, 'stop'), '');
    await host.follow(request, second).outcome;
    expect(readFileSync(join(first.work_dir, 'starts'), 'utf8')).toBe('started\n');
  });

  it('adopts one that is over', async () => {
    const request = host.request({ script: 'echo was here' });
    const first = await host.activities.startRun(request);
    await host.follow(request, first).outcome;
    const second = await host.activities.startRun(request);
    expect(second.adopted).toBe(true);
    expect((await host.follow(request, second).outcome).receipt?.summary).toBe('was here');
  });

  it('at the same time starts one agent', async () => {
    const request = host.request({ script: COUNTED });
    const starts = await Promise.all(Array.from({ length: 6 }, () => host.activities.startRun(request)));
    expect(starts.filter(({ adopted }) => !adopted)).toHaveLength(1);
    expect(new Set(starts.map(({ process }) => process.pid)).size).toBe(1);
    const work = starts[0]?.work_dir ?? '';
    await waitUntil(() => readFileSync(join(work, 'starts'), 'utf8') !== '', { what: 'the agent' });
    writeFileSync(join(work, 'stop'), '');
    await Promise.all(starts.slice(0, 2).map((started) => host.follow(request, started).outcome));
    expect(readFileSync(join(work, 'starts'), 'utf8')).toBe('started\n');
  });

  it('holds one slot, not one per try', async () => {
    const request = host.request({ script: 'sleep 600' });
    await Promise.all(Array.from({ length: 4 }, () => host.activities.startRun(request)));
    const others = Array.from({ length: 3 }, () => host.request({ script: 'sleep 600' }));
    await Promise.all(others.map((other) => host.activities.startRun(other)));
    await Promise.all([request, ...others].map(({ attempt_id }) => kill(attempt_id)));
  });
});

describe('a start that died on the way', () => {
  it('after the claim and before the launcher: lost, and nothing can start any more', async () => {
    await host.close();
    host = localHost({ start_ms: 500 });
    const request = host.request({ script: COUNTED });
    const run = join(host.root, 'runs', request.attempt_id);
    mkdirSync(run, { recursive: true });
    await expect(host.activities.startRun(request)).rejects.toMatchObject({
      type: 'run_lost',
      nonRetryable: true,
    });
    expect(readFileSync(join(run, 'killed'), 'utf8')).toBe('launcher_lost\n');
    await expect(host.activities.startRun(request)).rejects.toMatchObject({ type: 'run_lost' });
  });

  it('its slot and its work directory are free again', async () => {
    await host.close();
    host = localHost({ slots: 1 });
    const died = host.request({ task_id: 'same' });
    // As if by a process that is no more: its pid is ours, its start time is not.
    for (const place of ['runs/.slots', `work/.locks/${workName('same')}`]) {
      mkdirSync(join(host.root, place), { recursive: true });
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      writeFileSync(join(host.root, place, '1.1'), `${died.attempt_id} ${process.pid} 1 ${boot}\n`);
    }
    mkdirSync(join(host.root, 'runs', died.attempt_id));
    const next = host.request({ task_id: 'same', script: 'echo ran' });
    expect((await host.follow(next, await host.activities.startRun(next)).outcome).receipt?.summary).toBe(
      'ran',
    );
  });
});

describe('slots', () => {
  const slotsOf = async (slots: number) => {
    await host.close();
    host = localHost({ slots });
  };

  it('20 starts at the same time, 3 slots: 3 run', async () => {
    await slotsOf(3);
    for (let round = 0; round < 3; round += 1) {
      const requests = Array.from({ length: 20 }, () => host.request({ script: 'sleep 600' }));
      const starts = await Promise.allSettled(requests.map((request) => host.activities.startRun(request)));
      const full = starts.filter((start) => start.status === 'rejected');
      expect(full.map((start) => start.reason.type)).toEqual(full.map(() => 'slots_full'));
      expect(full.every((start) => start.reason.nonRetryable === true)).toBe(true);
      expect(full).toHaveLength(17);
      expect(requests.filter(({ attempt_id }) => marked(attempt_id).length > 0)).toHaveLength(3);
      const running = requests.filter((_, i) => starts[i]?.status === 'fulfilled');
      await Promise.all(running.map(({ attempt_id }) => kill(attempt_id)));
    }
  });

  it('are never over-committed while runs come and go', async () => {
    await slotsOf(2);
    const counter = join(host.root, 'now');
    // Each run notes how many run at the time that it does.
    const script = `mkdir -p ${counter}; : > ${counter}/$$; ls ${counter} | wc -l; sleep 0.05; rm ${counter}/$$`;
    const one = async (): Promise<number> => {
      const request = host.request({ script });
      for (;;) {
        try {
          const started = await host.activities.startRun(request);
          return Number((await host.follow(request, started).outcome).receipt?.summary);
        } catch (error) {
          if ((error as { type?: string }).type !== 'slots_full') throw error;
        }
      }
    };
    const seen = await Promise.all(Array.from({ length: 20 }, one));
    expect(Math.max(...seen)).toBeLessThanOrEqual(2);
  });

  it('a taker that was slow and comes back to a number of the past does not get the place', async () => {
    const dir = join(host.root, 'places');
    mkdirSync(dir);
    writeFileSync(join(dir, '1.5'), `someone ${process.pid} 1 boot\n`);
    const script = `${PROCESS_SH}${PLACES_SH}if link_place ${dir} 1 "$1" me; then echo took; else echo refused; fi`;
    const take = (generation: string) => execFileSync('/bin/sh', ['-c', script, 'sh', generation]).toString();
    expect(take('3')).toBe('refused\n');
    expect(take('5')).toBe('refused\n');
    expect(readdirSync(dir)).toEqual(['1.5']);
    expect(take('6')).toBe('took\n');
    expect(readdirSync(dir)).toEqual(['1.6']);
  });

  it('are held by a run whose launcher is gone while its agent lives', async () => {
    await slotsOf(1);
    const request = host.request({ script: 'sleep 600' });
    const started = await host.activities.startRun(request);
    for (const file of ['watch', 'launcher']) {
      process.kill(Number(readFileSync(join(started.run_dir, file), 'utf8').split(' ')[0]), 'SIGKILL');
    }
    const next = host.request();
    await expect(host.activities.startRun(next)).rejects.toMatchObject({ type: 'slots_full' });
    for (const pid of marked(request.attempt_id)) process.kill(pid, 'SIGKILL');
    await waitUntil(() => marked(request.attempt_id).length === 0, { what: 'the agent to be gone' });
    await host.follow(next, await host.activities.startRun(next)).outcome;
  });

  it('a lowered number counts what still runs', async () => {
    await slotsOf(3);
    const requests = [1, 2, 3].map(() => host.request({ script: 'sleep 600' }));
    for (const request of requests) await host.activities.startRun(request);
    const [first, second, third] = requests.map(({ attempt_id }) => attempt_id);
    await kill(first ?? '');
    const fewer = localHost({ slots: 2, root: host.root });
    await expect(fewer.activities.startRun(host.request())).rejects.toMatchObject({ type: 'slots_full' });
    await kill(second ?? '');
    const next = host.request();
    await host.follow(next, await fewer.activities.startRun(next)).outcome;
    await kill(third ?? '');
    await fewer.transport.close();
  });
});

it('never two runs in the work directory of a task', async () => {
  const first = host.request({ task_id: 'one', script: 'sleep 600' });
  await host.activities.startRun(first);
  const second = host.request({ task_id: 'one' });
  await expect(host.activities.startRun(second)).rejects.toMatchObject({
    type: 'work_dir_busy',
    nonRetryable: false,
  });
  await kill(first.attempt_id);
  await host.follow(second, await host.activities.startRun(second)).outcome;
});

it('attempt ids with slashes and hashes have run directories of their own', async () => {
  const ids = ['org/repo#1/run/1', 'org/repo#1-run-1', `long/${'x'.repeat(300)}`, `long/${'x'.repeat(299)}y`];
  const dirs = new Set<string>();
  for (const attempt_id of ids) {
    const request = host.request({ attempt_id, script: 'echo "$SIGNALBOX_ATTEMPT"' });
    const started = await host.activities.startRun(request);
    dirs.add(started.run_dir);
    expect((await host.follow(request, started).outcome).receipt?.summary).toBe(attempt_id);
  }
  expect(dirs.size).toBe(ids.length);
  await expect(host.activities.startRun(host.request({ attempt_id: '../x' }))).rejects.toMatchObject({
    type: 'attempt_id_invalid',
  });
});

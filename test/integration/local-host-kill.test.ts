/** A kill is reported by what was seen, and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RunRequest } from '../../contracts/run';
import { localHost, marked } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let host: ReturnType<typeof localHost>;
beforeEach(() => {
  host = localHost();
});
afterEach(() => host.close());

const kill = (request: RunRequest, fields: { immediate?: boolean; kill_grace_ms?: number } = {}) =>
  host.activities.killRun({
    attempt_id: request.attempt_id,
    kill_grace_ms: fields.kill_grace_ms ?? 300,
    immediate: fields.immediate ?? false,
  });

/** Starts a script that says `ready` when its processes are up. */
async function startReady(script: string, processes: number) {
  const request = host.request({
    script: `${script}\necho > ready\nwait\nwhile :; do sleep 1; done`,
    // Of its supervisor, who clears up after the agent: what is killed here is killed by whom the test asked.
    kill_grace_ms: 60_000,
  });
  const started = await host.activities.startRun(request);
  await waitUntil(() => existsSync(join(started.work_dir, 'ready')), { what: 'the script to be up' });
  await waitUntil(() => marked(request.attempt_id).length >= processes, { what: `${processes} processes` });
  return { request, started };
}

/** Whether this user may make a control group below its own (cgroup v2). */
function offersGroups(): boolean {
  const mount = / (\S+) cgroup2 /.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1];
  const path = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mount === undefined || path === undefined) return false;
  const trial = join(mount, path, `signalbox-trial-${process.pid}`);
  try {
    mkdirSync(trial);
  } catch {
    return false;
  }
  rmdirSync(trial);
  return true;
}

const fileText = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

const IGNORING = "trap '' TERM; : > deaf; while :; do sleep 0.1; done";
/** The trap is set, not only the process there. */
const UNTIL_DEAF = 'while [ ! -e deaf ]; do sleep 0.05; done';

describe('the tree', () => {
  const trees: Array<[string, string, number, string[]]> = [
    ['an agent that obeys', ':', 1, ['TERM']],
    ['an agent that ignores TERM', "trap '' TERM", 1, ['TERM', 'KILL']],
    ['children', 'sleep 600 & sleep 600 &', 3, ['TERM']],
    ['a grandchild in a session of its own', 'setsid sleep 600 &', 2, ['TERM']],
    ['one that forked twice and left the session', "(setsid sh -c 'sleep 600 & sleep 600 &' &)", 3, ['TERM']],
    ['strays that ignore TERM', `(setsid sh -c "${IGNORING}" &)\n${UNTIL_DEAF}`, 2, ['TERM', 'KILL']],
    ['a stopped process', 'sleep 600 & kill -STOP $!', 2, ['TERM']],
    // Perl writes its name over its environment: the mark is gone, the session is not.
    ['one with a hostile name', 'perl -e \'$0 = "x) R 1 1 1\\n"; sleep 600\' &', 1, ['TERM']],
    ['one that cleared its environment but stayed', 'env -i sleep 600 &', 1, ['TERM']],
    ['one that cleared its environment and left the session', 'env -i setsid sleep 600 &', 1, ['TERM']],
  ];
  it('one that hides in every way: found by its control group, where the host offers one', async () => {
    const hidden = 'echo $$ > hidden; trap "" TERM; while :; do sleep 0.1; done';
    const { request, started } = await startReady(
      `(env -i setsid sh -c '${hidden}' &)\nwhile [ ! -s hidden ]; do sleep 0.05; done`,
      1,
    );
    const pid = Number(readFileSync(join(started.work_dir, 'hidden'), 'utf8'));
    const group = fileText(join(started.run_dir, 'cgroup')).trim();
    expect(group !== '').toBe(offersGroups());
    try {
      expect(await kill(request)).toMatchObject({ seen: 'dead', survivors: [] });
      // Its limit without a group, as docs/hosts.md says.
      expect(isAlive(pid)).toBe(group === '');
      expect(existsSync(group)).toBe(false);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });

  it.each(trees)('%s', async (_, script, processes, signals) => {
    const { request, started } = await startReady(script, processes);
    const pids = [started.process.pid, ...sessionOf(started.process.pid)];
    // None of those that obey is so slow.
    const kill_grace_ms = signals.includes('KILL') ? 1_000 : 30_000;
    const report = await kill(request, { kill_grace_ms });
    expect(report).toMatchObject({ seen: 'dead', signals, survivors: [] });
    expect(marked(request.attempt_id)).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
    const outcome = await host.follow(request, started).outcome;
    expect(outcome.failure?.code).toBe('killed');
  });

  it('sends TERM first, although it takes longer to find the tree than the grace lasts', async () => {
    const { request } = await startReady("trap '' TERM", 1);
    const report = await kill(request, { kill_grace_ms: 10 });
    expect(report).toMatchObject({ seen: 'dead', signals: ['TERM', 'KILL'], survivors: [] });
  });

  it('at once: KILL and nothing else', async () => {
    const { request } = await startReady(`setsid sh -c "${IGNORING}" &\n${UNTIL_DEAF}`, 2);
    const report = await kill(request, { immediate: true, kill_grace_ms: 60_000 });
    expect(report).toMatchObject({ seen: 'dead', signals: ['KILL'], survivors: [] });
    expect(report.duration_ms).toBeLessThan(30_000);
  });

  it('leaves time to end in good order, and sends TERM once', async () => {
    const script = "trap 'echo term >> terms; sleep 0.5; echo saved > saved; exit 0' TERM";
    const { request, started } = await startReady(script, 1);
    const report = await kill(request, { kill_grace_ms: 10_000 });
    expect(report).toMatchObject({ seen: 'dead', signals: ['TERM'] });
    expect(readFileSync(join(started.work_dir, 'saved'), 'utf8')).toBe('saved\n');
    expect(readFileSync(join(started.work_dir, 'terms'), 'utf8')).toBe('term\n');
    // It said 0, but it was killed.
    expect((await host.follow(request, started).outcome).failure?.code).toBe('killed');
  });

  it('outruns one that forks all the time', async () => {
    const { request } = await startReady(
      'f() { while :; do (setsid sleep 5 &); sleep 0.02; done; }; f & f &',
      3,
    );
    expect(await kill(request, { immediate: true })).toMatchObject({ seen: 'dead', survivors: [] });
    expect(marked(request.attempt_id)).toEqual([]);
  });
});

describe('what is not of the run is left alone', () => {
  it('other runs, even one whose id begins alike', async () => {
    const first = await startReady(':', 1);
    const other = host.request({ attempt_id: `${first.request.attempt_id}0`, script: 'sleep 600' });
    const { process: otherProcess } = await host.activities.startRun(other);
    await kill(first.request);
    expect(isAlive(otherProcess.pid)).toBe(true);
    await kill(other, { immediate: true });
  });

  const others: Array<[string, (pid: number, start: string, boot: string) => string]> = [
    ['the pid of the agent, but began later', (pid, start, boot) => `${pid} ${Number(start) - 1} ${boot}`],
    ['the pid and start time of the agent, in another boot', (pid, start) => `${pid} ${start} another-boot`],
  ];
  it.each(others)('a process that has %s', async (_, identity) => {
    const { request, started } = await startReady(':', 1);
    await kill(request, { immediate: true });
    const bystander = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    try {
      const pid = bystander.pid ?? 0;
      const line = identity(pid, statOf(pid)[19] ?? '', started.process.boot_id);
      writeFileSync(join(started.run_dir, 'pid'), `${line}\n`);
      expect(await kill(request, { immediate: true })).toMatchObject({ seen: 'already_dead', signals: [] });
      expect(isAlive(pid)).toBe(true);
      // The test can tell: with the right identity it would be killed.
      writeFileSync(join(started.run_dir, 'pid'), `${pid} ${statOf(pid)[19]} ${started.process.boot_id}\n`);
      expect(await kill(request, { immediate: true })).toMatchObject({ seen: 'dead' });
    } finally {
      bystander.kill('SIGKILL');
    }
  });
});

describe('order of events', () => {
  it('a kill before the start: nothing ever starts', async () => {
    const request = host.request({ script: 'touch started' });
    expect(await kill(request)).toMatchObject({ seen: 'never_started', signals: [], survivors: [] });
    await expect(host.activities.startRun(request)).rejects.toMatchObject({
      type: 'killed',
      nonRetryable: true,
    });
    expect(existsSync(join(host.root, 'work', 'started'))).toBe(false);
    expect(await kill(request)).toMatchObject({ seen: 'already_dead' });
  });

  it('a kill after the end', async () => {
    const request = host.request({ script: 'echo done' });
    const started = await host.activities.startRun(request);
    await host.follow(request, started).outcome;
    expect(await kill(request)).toMatchObject({ seen: 'already_dead', signals: [] });
    // The record stays what it was.
    expect((await host.follow(request, started).outcome).receipt?.summary).toBe('done');
  });

  it('a kill between the launcher and the agent: the agent is not started', async () => {
    const go = join(host.root, 'go');
    // Holds up the step from the launcher to the agent.
    const bin = join(host.root, 'bin');
    mkdirSync(bin);
    const wait = `if [ "$1" = env ]; then : > ${go}.waiting; while [ ! -e ${go} ]; do sleep 0.02; done; fi`;
    writeFileSync(join(bin, 'setsid'), `#!/bin/sh\n${wait}\nexec /usr/bin/setsid "$@"\n`, { mode: 0o755 });
    const slow = localHost({ env: { PATH: `${bin}:${process.env.PATH}` } });
    try {
      const ran = join(host.root, 'ran');
      const request = slow.request({ script: `: > ${ran}` });
      const start = slow.activities.startRun(request);
      await waitUntil(() => existsSync(`${go}.waiting`), { what: 'the launcher' });
      expect(await slow.activities.killRun({ ...request, immediate: true })).toMatchObject({
        seen: 'never_started',
        survivors: [],
      });
      writeFileSync(go, '');
      await expect(start).rejects.toMatchObject({ type: 'killed' });
      const record = join(slow.root, 'runs', request.attempt_id, 'rc');
      await waitUntil(() => existsSync(record), { what: 'the record' });
      expect(readFileSync(record, 'utf8')).toMatch(/^code=\nreason=killed\n/);
      expect(existsSync(ran)).toBe(false);
    } finally {
      writeFileSync(go, '');
      await slow.close();
    }
  });

  it('two kills at the same time', async () => {
    const { request } = await startReady('setsid sleep 600 &', 2);
    const reports = await Promise.all([kill(request), kill(request, { immediate: true })]);
    expect(reports.map(({ survivors }) => survivors)).toEqual([[], []]);
    expect(reports.some(({ seen }) => seen === 'dead')).toBe(true);
  });

  it('start and kill race: either it is dead or it never ran', async () => {
    for (let round = 0; round < 12; round += 1) {
      const request = host.request({ script: 'sleep 600' });
      const [start, report] = await Promise.allSettled([
        host.activities.startRun(request),
        new Promise((resolve) => setTimeout(resolve, round * 8)).then(() =>
          kill(request, { immediate: true }),
        ),
      ]);
      expect(report.status).toBe('fulfilled');
      if (start.status === 'rejected') expect(start.reason).toMatchObject({ type: 'killed' });
      expect(marked(request.attempt_id)).toEqual([]);
    }
  });
});

it('what a run leaves behind when it ends is ended before its receipt', async () => {
  const request = host.request({ script: '(setsid sleep 600 &) ; env -i sleep 600 & echo done' });
  const started = await host.activities.startRun(request);
  const outcome = await host.follow(request, started).outcome;
  expect(outcome.receipt?.summary).toBe('done');
  expect(marked(request.attempt_id)).toEqual([]);
  expect(sessionOf(started.process.pid)).toEqual([]);
});

const statOf = (pid: number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
};

function isAlive(pid: number): boolean {
  const state = statOf(pid)[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function sessionOf(session: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) => isAlive(pid) && (statOf(pid)[3] === String(session) || statOf(pid)[1] === String(session)),
    );
}

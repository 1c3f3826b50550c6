import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type CleanOptions, cleanRuns } from '../../activities/ssh/clean-runs';
import { Host } from '../../activities/ssh/host';
import { isAttemptAwaited } from '../../workers/host-cleaning';
import type { Role } from '../../workers/role';
import { startControl } from '../helpers/control-worker';
import { launchersBelow, localHost, PROMPTS } from '../helpers/local-host';
import { createNamespace, type TestNamespace } from '../helpers/namespace';
import { startVisibleTask } from '../helpers/visible-task';
import { waitUntil } from '../helpers/wait-until';

let local: ReturnType<typeof localHost>;
afterEach(() => local.close());

function oldHost() {
  local = localHost();
  const host = new Host({
    hostId: 'local',
    host: { slots: 4, run_root: join(local.root, 'runs'), work_root: join(local.root, 'work') },
    templates: {},
    default_template: 'shell',
    prompts: PROMPTS,
    transport: local.transport,
    blobs: local.blobs,
    logger: { info: () => undefined, warn: () => undefined },
  });
  const clean = (over: Partial<CleanOptions> = {}) =>
    cleanRuns(host, { keep_ms: 60_000, isAwaited: async () => false, ...over });
  const runs = () => readdirSync(join(local.root, 'runs')).filter((name) => !name.startsWith('.'));
  return { clean, runs };
}

/** Moves the recorded end of a run into the past. */
function age(run: string, seconds: number) {
  const rc = join(run, 'rc');
  const text = readFileSync(rc, 'utf8');
  const at = Number(/ended_at=(\d+)/.exec(text)?.[1]) - seconds;
  writeFileSync(rc, text.replace(/ended_at=\d+/, `ended_at=${at}`));
}

async function over(fields: Parameters<typeof local.request>[0] = {}): Promise<string> {
  const request = local.request(fields);
  const started = await local.activities.startRun(request);
  await local.follow(request, started).outcome;
  // It outlives its record by a few lines, and until then its run is not over.
  await waitUntil(() => launchersBelow(local.root).length === 0, { what: 'the launcher to end' });
  return started.run_dir;
}

describe('cleaning up', () => {
  it('removes runs that ended long enough ago, and no others', async () => {
    const { clean, runs } = oldHost();
    const [old, young] = [await over(), await over()];
    age(old, 61);
    age(young, 30);
    expect(await clean()).toBe(1);
    expect(existsSync(old)).toBe(false);
    expect(existsSync(young)).toBe(true);
    expect(runs()).toHaveLength(1);
    expect(await clean()).toBe(0);
  });

  it('asks about each by the task that it was for, and keeps what is awaited', async () => {
    const { clean, runs } = oldHost();
    const awaited = await over({ task_id: "org/repo#42 'é\n", epoch: 7 });
    const done = await over({ task_id: 'done', epoch: 3 });
    for (const run of [awaited, done]) age(run, 100);
    const asked: unknown[] = [];
    const isAwaited = async (task: string, epoch: number) => {
      asked.push([task, epoch]);
      return task !== 'done';
    };
    expect(await clean({ isAwaited })).toBe(1);
    expect(asked).toEqual(
      expect.arrayContaining([
        ["org/repo#42 'é\n", 7],
        ['done', 3],
      ]),
    );
    expect(runs()).toHaveLength(1);
    await expect(clean({ isAwaited: () => Promise.reject(new Error('away')) })).rejects.toThrow('away');
    expect(runs()).toHaveLength(1);
  });

  it('leaves alone what is alive, whatever its record says', async () => {
    const { clean, runs } = oldHost();
    const request = local.request({ script: 'while [ ! -e go ]; do sleep 0.05; done' });
    const started = await local.activities.startRun(request);
    const rc = join(started.run_dir, 'rc');
    writeFileSync(rc, 'code=\nreason=exit\nsurvivors=\nended_at=1\nduration_ms=1\n');
    expect(await clean()).toBe(0);
    unlinkSync(rc);
    expect(await clean()).toBe(0);
    expect(existsSync(rc)).toBe(false);
    writeFileSync(join(started.work_dir, 'go'), '');
    expect((await local.follow(request, started).outcome).exit_code).toBe(0);
    expect(runs()).toHaveLength(1);
  });

  it('records the end of a run that died without one, and removes it when its time has come', async () => {
    const { clean, runs } = oldHost();
    const run = await over();
    unlinkSync(join(run, 'rc'));
    expect(await clean()).toBe(0);
    expect(readFileSync(join(run, 'rc'), 'utf8')).toContain('reason=launcher_lost');
    age(run, 100);
    expect(await clean()).toBe(1);
    expect(runs()).toEqual([]);
  });

  it('removes what a kill before the start left, and what dead starts left half made', async () => {
    const { clean, runs } = oldHost();
    const request = local.request();
    await local.activities.killRun({ ...request, immediate: false });
    const [tombstone] = runs();
    age(join(local.root, 'runs', tombstone ?? ''), 100);
    for (const name of ['.stage.x.4194305', '.gone.y.1']) mkdirSync(join(local.root, 'runs', name));
    mkdirSync(join(local.root, 'runs', `.stage.mine.${process.pid}`));
    expect(await clean()).toBe(1);
    expect(readdirSync(join(local.root, 'runs')).sort()).toEqual([`.stage.mine.${process.pid}`]);
  });

  it('frees no slot and no work directory by it', async () => {
    const { clean } = oldHost();
    const run = await over({ task_id: 'again' });
    age(run, 100);
    expect(await clean()).toBe(1);
    expect((await local.run({ task_id: 'again', script: 'echo twice' })).receipt?.summary).toBe('twice');
  });
});

describe('an attempt', () => {
  let space: TestNamespace;
  let control: Role;
  beforeAll(async () => {
    local = localHost();
    space = await createNamespace('clean');
    control = await startControl(space.temporal);
  });
  afterAll(async () => {
    await control?.stop();
    await space?.close();
  });

  it('is awaited while it is the one that its task waits for', async () => {
    local = localHost();
    const { client } = space;
    expect(await isAttemptAwaited(client, 'nobody/knows', 1)).toBe(false);
    const task = await startVisibleTask(client);
    await task.claim('agent:a');
    const id = task.input.task_id;
    expect(await isAttemptAwaited(client, id, 1)).toBe(true);
    await task.release(1, 'agent:a');
    await waitUntil(async () => !(await isAttemptAwaited(client, id, 1)), { what: 'the end of the attempt' });
    expect(await isAttemptAwaited(client, id, 99)).toBe(true);
    await task.cancel();
    await waitUntil(async () => !(await isAttemptAwaited(client, id, 99)), { what: 'the end of the task' });
  });
});

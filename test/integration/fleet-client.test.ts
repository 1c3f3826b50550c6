/** examples/fleet-runner.sh and the client it is made of, against the real API: what works as it should. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { jobPath } from '../helpers/fleet-runner';
import { type Platform, startPlatform } from '../helpers/platform';
import { shellFactories } from '../helpers/shell-factories';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let api: TestApi;
const { factory, stop, jobOf, taskOf } = shellFactories(() => api);

beforeAll(async () => {
  platform = await startPlatform('fleet-sh');
  ({ api } = platform);
});

afterEach(stop);

afterAll(() => platform?.close());

const shipped = (id: string) =>
  waitUntil(async () => (await jobOf(id)).stage === 'shipped', { what: `${id} shipped`, timeoutMs: 40_000 });

describe('a factory', () => {
  it('registers with what it can do, and says what it might claim', async () => {
    const runner = await factory();
    await runner.job('do it');
    const command = runner.start('status');
    expect(await command.ended).toBe(0);
    expect(command.output()).toContain(`factory ${runner.name}: 1 claimable\n`);
    const found = await waitUntil(
      async () =>
        (await api.get('/agents')).body.holders.find(({ id }: { id: string }) => id === runner.name),
      { what: `${runner.name} to be listed` },
    );
    expect(found).toMatchObject({ capabilities: [runner.label], presence: 'online' });
  });

  it('finds out what it has, and makes up a name, unless told', async () => {
    const runner = await factory({
      AQ_FLEET_CAPS: '',
      AQ_FACTORY_ID: '',
      AQ_FLEET_TOKEN: 'admin-token-for-tests',
    });
    const command = runner.start('status');
    expect(await command.ended).toBe(0);
    const name = command.output().match(/factory (\S+): /)?.[1] ?? '';
    expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,56}-[0-9a-f]{6}$/);
    const found = await waitUntil(
      async () => (await api.get('/agents')).body.holders.find(({ id }: { id: string }) => id === name),
      { what: `${name} to be listed` },
    );
    expect(found.capabilities).toEqual(expect.arrayContaining([`os:${process.platform}`, 'tool:git']));
  });

  it('claims only when there is no local job', async () => {
    const runner = await factory({ AQ_RUN: 'cat "$AQ_JOB_FILE" >>../order' });
    await runner.job('of the fleet\n');
    runner.put('b', 'local\n');
    runner.put('a', 'local\n');
    runner.start('run');
    await runner.until('shipped', 3);
    expect(runner.read('order')).toBe('local\nlocal\nof the fleet\n');
    expect(runner.events()).not.toContain('code=4');
  });

  it('writes the body of a claim as it is, with the epoch beside it, and executes it', async () => {
    const body = `---\nengine: x\n---\n"quoted" \\n \\\\ 'single' \`cmd\` $HOME \u{1F600} é\t\r\n{"leaseEpoch": 99}\n\n`;
    const runner = await factory({ AQ_RUN: 'cat "$AQ_JOB_FILE"; printf %s "$AQ_JOB_ID" >id' });
    const id = await runner.job(body);
    runner.start('run');
    await runner.until('shipped');
    const { base, body: written, log, meta } = runner.files('shipped');
    expect({ written, log }).toEqual({ written: body, log: body });
    expect(meta).toMatchObject({ id, leaseEpoch: '1', stage: 'shipped', accepted: '1' });
    expect(runner.read('work/id')).toBe(id);
    for (const ending of ['md', 'meta', 'log']) expect(statSync(`${base}.${ending}`).mode & 0o077).toBe(0);
    expect(await taskOf(id)).toMatchObject({ status: 'completed', retry_count: 0 });
  });

  it('reports each stage under its epoch, with the checkpoint, and ships what was accepted', async () => {
    const runner = await factory({
      AQ_RUN: 'git checkout -q -b wip/1 && git commit -q --allow-empty -m "it\'s \\"done\\""',
      AQ_SHIP: 'git log -1 --format=%H >../merged',
    });
    const git = (...args: string[]) => spawnSync('git', args, { cwd: runner.work, encoding: 'utf8' });
    for (const args of [
      ['init', '-q', '-b', 'main'],
      ['config', 'user.email', 'a@example.org'],
      ['config', 'user.name', 'a'],
      ['commit', '-q', '--allow-empty', '-m', 'first'],
    ]) {
      expect(git(...args).status).toBe(0);
    }
    const id = await runner.job('do it');
    runner.start('run');
    await runner.until('shipped');
    const commit = git('rev-parse', 'HEAD').stdout.trim();
    const { events } = (await api.get(jobPath(id, '/events'))).body;
    const stages = events.filter(({ message }: { message: string }) =>
      ['building', 'review', 'testing'].includes(message),
    );
    expect(stages).toEqual(
      ['building', 'review', 'testing'].map((message) => expect.objectContaining({ message, leaseEpoch: 1 })),
    );
    expect((await taskOf(id)).receipt.artifacts).toEqual({ branch: 'wip/1', commit });
    expect(runner.read('merged').trim()).toBe(commit);
  });

  it('reports a failure with its reason, and the next attempt begins where it left off', async () => {
    const runner = await factory({
      AQ_RUN:
        'echo "$AQ_WIP_BRANCH" >>../seen; git checkout -q -B wip/2; git commit -q --allow-empty -m x; test -s ../go',
    });
    spawnSync('git', ['init', '-q'], { cwd: runner.work });
    for (const key of ['user.email', 'user.name'])
      spawnSync('git', ['config', key, 'a@b'], { cwd: runner.work });
    const id = await runner.job('do it', { max_retries: 1 });
    runner.start('run');
    await runner.until('failed');
    writeFileSync(runner.file('go'), 'yes');
    await shipped(id);
    expect(runner.read('seen')).toBe('\nwip/2\n');
    const { runs } = (await api.get(jobPath(id, '/runs'))).body;
    expect(runs.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['failed', 'completed']);
    expect(runs[0].failure.message).toBe('building ended with 1');
  });

  it('renews the lease of a long job, and tells its checkpoint meanwhile', async () => {
    const runner = await factory({
      AQ_FLEET_LEASE_RENEW_SEC: '1',
      AQ_RUN:
        'git checkout -q -b wip/3; git commit -q --allow-empty -m x; until [ -e ../go ]; do sleep 0.1; done',
    });
    spawnSync('git', ['init', '-q'], { cwd: runner.work });
    for (const key of ['user.email', 'user.name'])
      spawnSync('git', ['config', key, 'a@b'], { cwd: runner.work });
    const id = await runner.job('do it');
    runner.start('run');
    const expiries = new Set<string>();
    await waitUntil(
      async () => {
        const { stage, leaseExpiresAt, checkpoint } = await jobOf(id);
        if (stage === 'building') expiries.add(leaseExpiresAt);
        return expiries.size >= 3 && checkpoint?.wipBranch === 'wip/3';
      },
      { what: 'renewals', timeoutMs: 60_000 },
    );
    runner.say('go');
    await shipped(id);
  });

  it('tells no one the body, and the token only to the API', async () => {
    const sentinel = `sentinel-${randomUUID()}`;
    const runner = await factory({
      AQ_RUN: 'env >../seen; ps ax -o args >>../seen',
      AQ_PRODUCT_ID: 'default',
    });
    // Writes down how it was called, and what was said to it.
    const bin = runner.file('bin');
    mkdirSync(bin);
    const real = spawnSync('which', ['curl'], { encoding: 'utf8' }).stdout.trim();
    const spy = `#!/bin/sh\nprintf '%s\\n' "$@" >>"${runner.file('argv')}"\ntee -a "${runner.file('said')}" | "${real}" "$@"\n`;
    writeFileSync(join(bin, 'curl'), spy);
    chmodSync(join(bin, 'curl'), 0o755);
    const id = await runner.job(`# ${sentinel}\ndo it`);
    const command = runner.start('run', { PATH: `${bin}:${process.env.PATH}` });
    await runner.until('shipped');
    await command.kill();
    const listed = JSON.stringify([
      (await api.get(jobPath(id, '/events'))).body,
      (await api.get(jobPath(id, '/runs'))).body,
      await jobOf(id),
    ]);
    expect(runner.read('said')).toContain(`"Authorization: Bearer ${runner.token}"`);
    expect(runner.read('said')).toContain('"X-Product-Id: default"');
    expect(runner.read('argv')).toContain('-K');
    expect(runner.read('seen')).toContain('AQ_FLEET=1');
    const { meta, log } = runner.files('shipped');
    for (const text of [
      runner.read('argv'),
      runner.read('seen'),
      runner.events(),
      command.output(),
      listed,
      log,
    ]) {
      expect(text).not.toContain(sentinel);
      expect(text).not.toContain(runner.token);
    }
    expect(runner.read('said')).not.toContain(sentinel);
    expect(JSON.stringify(meta)).not.toContain(sentinel);
  });
});

it('two factories on several jobs execute each exactly once', async () => {
  const label = `agent:${randomUUID()}`;
  const pair = [await factory({ AQ_FLEET_CAPS: label }), await factory({ AQ_FLEET_CAPS: label })] as const;
  const done = pair[0].file('done');
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) ids.push(await pair[0].job('do it'));
  for (const runner of pair) runner.start('run', { AQ_RUN: `echo "$AQ_JOB_ID" >>"${done}"; sleep 0.3` });
  for (const id of ids) await shipped(id);
  expect(pair[0].read('done').trim().split('\n').sort()).toEqual([...ids].sort());
  for (const id of ids) expect((await jobOf(id)).attempts).toBe(1);
  for (const runner of pair) expect(runner.events()).toContain('event=claimed');
});

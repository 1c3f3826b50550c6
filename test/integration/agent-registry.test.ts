/** The agent library and what the registry and the log route add: output as it grows, quiet, kill. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApi } from '../helpers/api-server';
import { type Platform, startPlatform } from '../helpers/platform';
import { processLives, type TestAgents, testAgents } from '../helpers/test-agents';
import { waitUntil } from '../helpers/wait-until';

let platform: Platform;
let api: TestApi;
let agents: TestAgents;

beforeAll(async () => {
  platform = await startPlatform('agent', { config: { presence_ms: 900 } });
  ({ api } = platform);
});

afterAll(() => platform?.close());

beforeEach(() => {
  agents = testAgents(api);
});

afterEach(() => agents.close());

const order = (agentId: string, what: string) => api.post(`/agents/${agentId}/${what}`, {});

describe('the output of an agent', () => {
  it('can be read while it is written, and is whole at the end', async () => {
    const gate = join(agents.directory, 'gate');
    await agents.start('talker');
    const body = `echo first; until [ -e '${gate}' ]; do sleep 0.05; done; yes 0123456789 | head -n 60000; echo last`;
    await agents.create('talk', 'talker', body);
    const output = async () => String((await api.get(`${agents.path('talk')}/output`)).body);
    await waitUntil(async () => (await output()) === 'first\n', {
      timeoutMs: 60_000,
      what: 'the first line',
    });
    writeFileSync(gate, '');
    await agents.untilStatus('talk', 'completed');
    const whole = await output();
    expect(whole.length).toBe('first\nlast\n'.length + 60_000 * 11);
    expect(whole.endsWith('0123456789\nlast\n')).toBe(true);
  });
});

describe('an agent that is cordoned', () => {
  it('finishes what it has, takes no more, and goes on when it is let in again', async () => {
    const gate = join(agents.directory, 'gate');
    await agents.start('quiet', { slots: 2 });
    await agents.create('before', 'quiet', `until [ -e '${gate}' ]; do sleep 0.05; done`);
    await agents.untilStatus('before', 'running');
    expect((await order('quiet', 'cordon')).status).toBe(200);
    await agents.untilSaid(/taking no more tasks/);
    await agents.create('after', 'quiet', 'true');
    writeFileSync(gate, '');
    await agents.untilStatus('before', 'completed');
    expect(await agents.view('after')).toMatchObject({ status: 'created' });
    expect((await order('quiet', 'uncordon')).status).toBe(200);
    await agents.untilStatus('after', 'completed');
  });
});

describe('an agent that is killed', () => {
  it('stops its run with the whole process tree, and keeps the work', async () => {
    const pidFile = join(agents.directory, 'pid');
    const agent = await agents.start('victim', { lease_s: 2 });
    await agents.create('doomed', 'victim', `echo $$ > '${pidFile}'; sleep 1000`);
    await agents.untilStatus('doomed', 'running');
    await waitUntil(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), {
      what: 'the run to begin',
    });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    // 202: the sweeps took longer than a caller waits.
    expect([200, 202]).toContain((await order('victim', 'kill')).status);
    const kept = await agents.untilQuarantined('victim');
    expect(kept).toMatchObject({ task_id: 'doomed', kind: 'fenced_abort' });
    expect(processLives(pid)).toBe(false);
    // Its token is worth nothing any more.
    await expect(agent.ended).rejects.toMatchObject({ code: 'agent_refused' });
    expect(await agents.untilStatus('doomed', 'created')).toMatchObject({ retry_count: 0 });
  });
});

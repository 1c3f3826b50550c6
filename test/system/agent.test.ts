/** `signalbox agent` as a process of its own, against the roles as processes of theirs. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { listQuarantine } from '../../agent/quarantine';
import { bareRepository } from '../helpers/bare-repository';
import { type RunningCommand, runCommand, runSignalbox } from '../helpers/command';
import { createFleet, type Fleet, untilAnswered, untilClosed } from '../helpers/fleet';
import { launchersBelow } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';
import { workedOn } from '../helpers/worked-on';

jest.setTimeout(600_000);

let fleet: Fleet;
let directory: string;
const running: RunningCommand[] = [];

beforeAll(async () => {
  fleet = await createFleet({ backoff: { initial_ms: 10, max_ms: 100 } });
  await fleet.start('temporal', 'worker', 'api');
});

afterAll(async () => {
  await fleet?.stop();
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signalbox-agent-'));
});

afterEach(async () => {
  for (const agent of running.splice(0)) await agent.kill('SIGKILL');
  await waitUntil(() => launchersBelow(directory).length === 0, { what: 'launchers to end' });
  rmSync(directory, { recursive: true, force: true });
});

const stateDir = () => join(directory, 'state');

async function token(agentId: string): Promise<string> {
  const reply = await fleet.admin.post('/tokens', { agent_id: agentId });
  return reply.body.token;
}

async function startAgent(id: string, ...more: string[]): Promise<RunningCommand> {
  const agent = await spawnAgent(id, ...more);
  await agent.said(/is ready/);
  return agent;
}

async function spawnAgent(id: string, ...more: string[]): Promise<RunningCommand> {
  const tokenFile = join(directory, 'token');
  if (!existsSync(tokenFile)) writeFileSync(tokenFile, await token(id));
  const args = ['agent', '--url', fleet.url, '--token-file', tokenFile, '--id', id];
  const agent = runSignalbox(
    [...args, '--capability', `agent:${id}`, '--state-dir', stateDir(), '--kill-grace', '0.5', ...more],
    { LOG_LEVEL: 'info' },
  );
  running.push(agent);
  return agent;
}

async function create(id: string, agentId: string, body: string, repository?: string) {
  const task = {
    id,
    title: 't',
    body,
    labels: [`agent:${agentId}`],
    template: 'shell',
    branch_name: `b/${id}`,
  };
  await untilAnswered(
    `creation of ${id}`,
    () => fleet.admin.post('/tasks', { ...task, repository }),
    200,
    201,
  );
}

/** A script that says that it has begun, waits for the gate, commits, and says so. */
function gated(name: string) {
  const gate = join(directory, `gate-${name}`);
  const trace = join(directory, `trace-${name}`);
  const commit = 'git add -A; git -c user.name=T -c user.email=t@example.org commit -qm work';
  return {
    script: `echo begin >> '${trace}'; until [ -e '${gate}' ]; do sleep 0.05; done; echo work > ${name}; ${commit}; echo end >> '${trace}'; echo finished`,
    begun: () => waitUntil(() => existsSync(trace), { timeoutMs: 60_000, what: `${name} to begin` }),
    open: () => writeFileSync(gate, ''),
    ended: () => waitUntil(() => trail().endsWith('end\n'), { timeoutMs: 60_000, what: `${name} to end` }),
    trace: () => trail(),
  };
  function trail() {
    return readFileSync(trace, 'utf8');
  }
}

describe('signalbox agent', () => {
  it('takes a task, pushes its branch, hands in a receipt, and drains on SIGTERM', async () => {
    const origin = bareRepository(directory);
    const agent = await startAgent('plain');
    const gate = gated('plain.txt');
    await create('plain', 'plain', gate.script, origin.path);
    await gate.begun();
    agent.child.kill('SIGTERM');
    await agent.said(/taking no more tasks; 1 at work/);
    gate.open();
    expect(await agent.ended).toBe(0);
    const task = await untilClosed(fleet.admin, 'plain');
    expect(task).toMatchObject({
      status: 'completed',
      assigned_agent_id: 'plain',
      receipt: { summary: 'finished', artifacts: { branch: 'b/plain', changed_files: ['plain.txt'] } },
    });
    expect(origin.branches().sort()).toEqual(['b/plain', 'main']);
    // What a log may never hold: the prompt and the token.
    expect(agent.output()).not.toContain('begin >>');
    expect(agent.output()).not.toContain(readFileSync(join(directory, 'token'), 'utf8'));
  });

  it('stops on a second SIGTERM and gives the task back with a checkpoint', async () => {
    const origin = bareRepository(directory);
    const agent = await startAgent('hasty');
    const gate = gated('hasty.txt');
    await create('hasty', 'hasty', `echo half > half; ${gate.script}`, origin.path);
    await gate.begun();
    agent.child.kill('SIGTERM');
    await agent.said(/taking no more tasks/);
    agent.child.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    const task = await waitUntil(
      async () => {
        const found = await fleet.admin.task('hasty');
        return found.status === 'created' && !('partial' in found) && found;
      },
      { timeoutMs: 60_000, what: 'the task to be free again' },
    );
    expect(task.checkpoint).toMatchObject({ branch: expect.stringMatching(/^signalbox-wip\/b\/hasty-\d+$/) });
    expect(origin.show(task.checkpoint?.commit ?? '', 'half')).toBe('half');
    expect(gate.trace()).toBe('begin\n');
  });

  it('reports when the API is back that was killed in mid-task, once', async () => {
    const origin = bareRepository(directory);
    const agent = await startAgent('offline');
    const gate = gated('offline.txt');
    await create('offline', 'offline', gate.script, origin.path);
    await gate.begun();
    await fleet.kill9('api');
    gate.open();
    await agent.said(/the run has ended/, 60_000);
    expect(origin.branches()).toEqual(['main']);
    await fleet.start('api');
    const task = await untilClosed(fleet.admin, 'offline');
    expect(task).toMatchObject({ status: 'completed', retry_count: 0 });
    expect(workedOn(task)).toHaveLength(1);
    expect(origin.branches().sort()).toEqual(['b/offline', 'main']);
    expect(gate.trace()).toBe('begin\nend\n');
  });

  it.each(['the run still goes on', 'the run has ended meanwhile'])(
    'killed with -9 and started again, delivers the attempt that it had: %s',
    async (when) => {
      const name = when.includes('ended') ? 'ended' : 'ongoing';
      const origin = bareRepository(directory);
      const agent = await startAgent(name);
      const gate = gated(`${name}.txt`);
      await create(name, name, gate.script, origin.path);
      await gate.begun();
      await waitUntil(() => /"started":\{/.test(outbox()), { what: 'the start to be on disk' });
      await agent.kill('SIGKILL');
      if (name === 'ended') {
        gate.open();
        await gate.ended();
      }
      const again = await startAgent(name);
      await again.said(/going on with an attempt of before/);
      gate.open();
      const task = await untilClosed(fleet.admin, name);
      expect(task).toMatchObject({ status: 'completed', retry_count: 0 });
      expect(workedOn(task)).toHaveLength(1);
      expect(gate.trace()).toBe('begin\nend\n');
      expect(origin.branches().sort()).toEqual([`b/${name}`, 'main']);
    },
  );

  it('killed with -9 together with the API, finishes and reports when the API is back', async () => {
    const origin = bareRepository(directory);
    const agent = await startAgent('alone');
    const gate = gated('alone.txt');
    await create('alone', 'alone', gate.script, origin.path);
    await gate.begun();
    await waitUntil(() => /"started":\{/.test(outbox()), { what: 'the start to be on disk' });
    await fleet.kill9('api');
    await agent.kill('SIGKILL');
    const again = await spawnAgent('alone');
    gate.open();
    await again.said(/the run has ended/, 60_000);
    expect(again.output()).not.toMatch(/is ready/);
    expect(origin.branches()).toEqual(['main']);
    // Told to stop now, it keeps what it owes for the next start.
    again.child.kill('SIGTERM');
    await again.said(/taking no more tasks/);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
    await fleet.start('api');
    await startAgent('alone');
    const task = await untilClosed(fleet.admin, 'alone');
    expect(task).toMatchObject({ status: 'completed', retry_count: 0 });
    expect(workedOn(task)).toHaveLength(1);
    expect(gate.trace()).toBe('begin\nend\n');
    expect(origin.branches().sort()).toEqual(['b/alone', 'main']);
  });

  it('quarantines what was overtaken while the API was away, pushes nothing, and shows it', async () => {
    const origin = bareRepository(directory);
    const agent = await startAgent('overtaken', '--lease', '1');
    const gate = gated('overtaken.txt');
    await create('overtaken', 'overtaken', gate.script, origin.path);
    await gate.begun();
    const { epoch } = await fleet.admin.task('overtaken');
    // Frozen, it cannot renew, and another is given the task.
    agent.child.kill('SIGSTOP');
    const thief = await fleet.agent('thief');
    const want = { agent_id: 'thief', capabilities: ['agent:overtaken'], wait_ms: 20_000, lease_s: 120 };
    const taken = await untilAnswered('the take-over', () => thief.post('/tasks/dequeue', want), 200);
    expect(taken.body).toMatchObject({ task: { id: 'overtaken' } });
    expect(taken.body.lease.epoch).toBeGreaterThan(epoch);
    await fleet.kill9('api');
    agent.child.kill('SIGCONT');
    gate.open();
    await agent.said(/the run has ended/, 60_000);
    await fleet.start('api');
    await agent.said(/came too late/, 60_000);
    const [kept] = listQuarantine(join(stateDir(), 'quarantine'));
    expect(kept).toMatchObject({ task_id: 'overtaken', epoch, quarantine_id: expect.any(String) });
    expect(origin.branches()).toEqual(['main']);
    expect(readFileSync(join(kept?.work ?? '', 'overtaken.txt'), 'utf8')).toBe('work\n');
    const status = runSignalbox(['agent', '--state-dir', stateDir(), '--status']);
    expect(await status.ended).toBe(0);
    expect(status.output()).toMatch(
      new RegExp(
        `0 unfinished\n1 in quarantine\n {2}overtaken {2}epoch ${epoch} {2}late_receipt: stale_epoch`,
      ),
    );
    expect(await fleet.admin.task('overtaken')).toMatchObject({ lease: { holder: 'agent:thief' } });
  });
});

describe('the client library', () => {
  it('makes an agent of the 20 lines in docs/agents.md', async () => {
    const example = readFileSync(join(__dirname, '..', '..', 'examples', 'agent.ts'), 'utf8');
    const docs = readFileSync(join(__dirname, '..', '..', 'docs', 'agents.md'), 'utf8');
    expect(docs).toContain(example.trim());
    const agent = runCommand(process.execPath, ['dist/examples/agent.js'], {
      API_URL: fleet.url,
      AGENT_TOKEN: await token('example'),
      STATE_DIR: stateDir(),
    });
    running.push(agent);
    await create('by-example', 'code', 'echo finished');
    const task = await untilClosed(fleet.admin, 'by-example');
    expect(task).toMatchObject({ status: 'completed', assigned_agent_id: 'example' });
    await agent.said(/the receipt was taken/);
    expect(await agent.kill('SIGTERM')).toBe(0);
  });
});

function outbox(): string {
  const folder = join(stateDir(), 'outbox');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

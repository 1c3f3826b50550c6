import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { processIdentity } from '../../../workers/process-identity';
import { readServerRecord } from '../../../workers/temporal/server-record';
import { type RunningCommand, runCommand, runSignalbox } from '../../helpers/command';
import { waitUntil } from '../../helpers/wait-until';

describe('the signalbox command', () => {
  let stateDir: string;
  let running: RunningCommand[];
  const run = (args: string[], variables: Record<string, string> = {}) => {
    const command = runSignalbox(args, { SIGNALBOX_STATE_DIR: stateDir, LOG_LEVEL: 'warn', ...variables });
    running.push(command);
    return command;
  };
  const record = () => {
    const found = readServerRecord(stateDir);
    if (found === null) throw new Error('no Temporal server was recorded');
    return found;
  };

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'signalbox-command-'));
    running = [];
  });

  afterEach(async () => {
    for (const command of running) await command.kill('SIGTERM');
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('stops cleanly on Ctrl-C, its Temporal server too', async () => {
    const temporal = run(['temporal']);
    await temporal.said(/Signalbox is ready/);
    const { pid, guard_pid } = record();
    expect(processIdentity(pid)).not.toBeNull();
    expect(await temporal.kill('SIGINT')).toBe(0);
    expect(processIdentity(pid)).toBeNull();
    expect(processIdentity(guard_pid)).toBeNull();
    expect(temporal.output()).toMatch(/Stopped\.\s*$/);
  });

  it('takes a signal that comes twice, as under npm, for one', async () => {
    const temporal = run(['temporal']);
    await temporal.said(/Signalbox is ready/);
    temporal.child.kill('SIGINT');
    expect(await temporal.kill('SIGINT')).toBe(0);
    expect(temporal.output()).toMatch(/Stopped\.\s*$/);
  });

  it('stops cleanly while it is still starting', async () => {
    const temporal = run(['temporal']);
    const found = await waitUntil(() => readServerRecord(stateDir), {
      what: 'the server process',
      timeoutMs: 60_000,
    });
    expect(await temporal.kill('SIGTERM')).toBe(0);
    expect(temporal.output()).not.toContain('is ready');
    expect(processIdentity(found.pid)).toBeNull();
  });

  it('takes its Temporal server along when it is killed -9, and finds the data on the same port after', async () => {
    const first = run(['temporal']);
    await first.said(/Signalbox is ready/);
    const { pid, port } = record();
    const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
    try {
      const client = new Client({ connection });
      await client.workflow.start('none', { workflowId: 'before', taskQueue: 'none' });
      await first.kill('SIGKILL');
      // At once: the old server may still be on its way out, with the port and the database.
      const second = run(['temporal']);
      await second.said(/Signalbox is ready/);
      expect(processIdentity(pid)).toBeNull();
      expect(record().port).toBe(port);
      const description = await waitUntil(() => client.workflow.getHandle('before').describe(), {
        what: 'the workflow to be there again',
      });
      expect(description.status.name).toBe('RUNNING');
    } finally {
      await connection.close();
    }
  }, 90_000);

  it('leaves no Temporal server behind when it is killed -9', async () => {
    const temporal = run(['temporal']);
    await temporal.said(/Signalbox is ready/);
    const { pid, guard_pid } = record();
    await temporal.kill('SIGKILL');
    await waitUntil(() => processIdentity(pid) === null && processIdentity(guard_pid) === null, {
      what: 'the server of a killed parent to end',
    });
  });

  it('refuses a second one on the same state directory, and says who holds it', async () => {
    const first = run(['temporal']);
    await first.said(/Signalbox is ready/);
    const second = run(['temporal']);
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`held by the process ${first.pid}`);
  });

  it.each([
    ['a bad variable', { SIGNALBOX_PORT: 'http' }, /SIGNALBOX_PORT: expected a port number/],
    [
      'a config file that is not there',
      { SIGNALBOX_CONFIG: '/nowhere.yaml' },
      /\/nowhere\.yaml:1:1: cannot be read/,
    ],
    [
      'a CLI that is none',
      { SIGNALBOX_TEMPORAL_CLI: '/nowhere' },
      /SIGNALBOX_TEMPORAL_CLI: expected a program/,
    ],
  ])('ends with a reason on %s', async (_, variables, reason) => {
    const command = run(['temporal'], variables);
    expect(await command.ended).toBe(1);
    expect(command.output()).toMatch(reason);
    expect(command.output()).not.toContain('    at ');
  });

  it('names line and column of a bad config file', async () => {
    const file = join(stateDir, 'box.yaml');
    writeFileSync(file, 'hosts:\n  local:\n    slots: none\n    capabilities: [agent:code]\n');
    const command = run(['temporal'], { SIGNALBOX_CONFIG: file });
    expect(await command.ended).toBe(1);
    expect(command.output()).toContain(
      `${file}:3:12: hosts.local.slots: expected number; got "none" (string)`,
    );
  });

  it('waits for a Temporal server of another process, and stops while it waits', async () => {
    const worker = run(['worker']);
    await worker.said(/Waiting for `signalbox temporal` on/);
    expect(await worker.kill('SIGTERM')).toBe(0);
    expect(worker.output()).not.toContain('is ready');
  });
});

it('processes that open a state directory at the same moment agree on its secrets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-race-'));
  const script = `
    const { openStateDir } = require('./dist/workers/config/state-dir.js');
    while (Date.now() < Number(process.argv[1]));
    const { adminToken, signingKey } = openStateDir(process.argv[2], null);
    console.log(adminToken, Buffer.from(signingKey).toString('hex'));
  `;
  const rounds = 5;
  for (let round = 0; round < rounds; round++) {
    const at = String(Date.now() + 400);
    const racers = Array.from({ length: 6 }, () =>
      runCommand(process.execPath, ['-e', script, at, join(folder, String(round))]),
    );
    expect(await Promise.all(racers.map((racer) => racer.ended))).toEqual(racers.map(() => 0));
    const outputs = new Set(racers.map((racer) => racer.output()));
    expect(outputs.size).toBe(1);
    const token = readFileSync(join(folder, String(round), 'admin-token'), 'utf8').trim();
    expect([...outputs][0]).toContain(token);
  }
  rmSync(folder, { recursive: true, force: true });
});

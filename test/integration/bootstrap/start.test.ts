import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processIdentity } from '../../../workers/process-identity';
import { readServerRecord } from '../../../workers/temporal/server-record';
import { type RunningCommand, runSignalbox } from '../../helpers/command';
import { createNamespace } from '../../helpers/namespace';

describe('signalbox start', () => {
  let folder: string;
  let running: RunningCommand[];
  const start = (variables: Record<string, string> = {}) => {
    const command = runSignalbox(['start'], {
      SIGNALBOX_STATE_DIR: join(folder, 'state'),
      SIGNALBOX_CONFIG: join(folder, 'signalbox.yaml'),
      SIGNALBOX_PORT: '0',
      ...variables,
    });
    running.push(command);
    return command;
  };
  const printed = (command: RunningCommand, name: string) =>
    new RegExp(`^ {2}${name} +(\\S+)`, 'm').exec(command.output())?.[1] ?? `no ${name}`;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-start-'));
    running = [];
    const roots = { work_root: join(folder, 'work'), run_root: join(folder, 'runs') };
    writeFileSync(
      join(folder, 'signalbox.yaml'),
      `hosts:\n  local: ${JSON.stringify({ capabilities: ['agent:code'], ...roots })}\n`,
    );
  });

  afterEach(async () => {
    for (const command of running) await command.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('says where everything is, and it is there; it stops with all it started', async () => {
    const box = start();
    await box.said(/Signalbox is ready: all roles/, 60_000);

    const api = printed(box, 'API');
    const health = await fetch(new URL('/health', api));
    expect(await health.json()).toMatchObject({ status: 'healthy' });
    expect((await fetch(printed(box, 'OpenAPI page'))).status).toBe(200);
    expect((await fetch(printed(box, 'Temporal UI'))).status).toBe(200);

    const token = readFileSync(printed(box, 'Admin token'), 'utf8').trim();
    const tasks = (headers: Record<string, string>) => fetch(`${api}/tasks`, { headers });
    expect((await tasks({ authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await tasks({})).status).toBe(401);
    expect(box.output()).not.toContain(token);

    const server = readServerRecord(join(folder, 'state'))?.pid ?? 0;
    expect(processIdentity(server)).not.toBeNull();
    expect(await box.kill('SIGTERM')).toBe(0);
    expect(processIdentity(server)).toBeNull();
  });

  it('refuses a second one on the same state directory', async () => {
    const first = start();
    await first.said(/Signalbox is ready/, 60_000);
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`held by the process ${first.pid}`);
    expect((await fetch(new URL('/health', printed(first, 'API')))).status).toBe(200);
  });

  it('stops what it started when its port is taken', async () => {
    const first = start();
    await first.said(/Signalbox is ready/, 60_000);
    const { port } = new URL(printed(first, 'API'));
    const stateDir = join(folder, 'other');
    const second = start({ SIGNALBOX_PORT: port, SIGNALBOX_STATE_DIR: stateDir });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('EADDRINUSE');
    expect(processIdentity(readServerRecord(stateDir)?.pid ?? 0)).toBeNull();
  });

  it('uses a Temporal server that is already there, and leaves it running', async () => {
    const there = await createNamespace('start');
    try {
      const box = start({ TEMPORAL_ADDRESS: there.address, TEMPORAL_NAMESPACE: there.namespace });
      await box.said(/Signalbox is ready/, 60_000);
      expect(box.output()).toContain(`${there.address}, namespace ${there.namespace}`);
      expect(readServerRecord(join(folder, 'state'))).toBeNull();
      expect((await fetch(new URL('/ready', printed(box, 'API')))).status).toBe(200);
      expect(await box.kill('SIGINT')).toBe(0);
      await there.connection.workflowService.describeNamespace({ namespace: there.namespace });
    } finally {
      await there.close();
    }
  });
});

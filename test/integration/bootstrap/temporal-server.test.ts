import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pino from 'pino';
import { LockHeldError } from '../../../workers/lock-file';
import { processIdentity } from '../../../workers/process-identity';
import { startTemporalServer, type TemporalServer } from '../../../workers/temporal/server';
import { readServerRecord } from '../../../workers/temporal/server-record';
import { probe } from '../../../workers/temporal/serving';
import { SEARCH_ATTRIBUTES } from '../../../workflows/search-attributes';
import { temporalCli } from '../../helpers/temporal-server';
import { waitUntil } from '../../helpers/wait-until';

const THIRTY_DAYS_S = '2592000';

describe('the embedded Temporal server', () => {
  let stateDir: string;
  let server: TemporalServer;
  let connection: Connection;
  let client: Client;
  const start = async (namespace = 'default') =>
    startTemporalServer({
      binary: await temporalCli(),
      stateDir,
      namespace,
      ui: true,
      durable: true,
      logger: pino({ level: 'silent' }),
    });
  const begin = (workflowId: string) => client.workflow.start('none', { workflowId, taskQueue: 'none' });
  const statusOf = async (workflowId: string) =>
    (await client.workflow.getHandle(workflowId).describe()).status.name;
  const restarted = (from: number) =>
    waitUntil(() => server.pid() !== 0 && server.pid() !== from, {
      what: 'the server to be restarted',
      timeoutMs: 60_000,
    });
  const guardPid = () => readServerRecord(stateDir)?.guard_pid ?? 0;

  beforeEach(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'signalbox-embedded-'));
    server = await start();
    connection = await Connection.connect(server.temporal.connectionOptions);
    client = new Client({ connection });
  });

  afterEach(async () => {
    await connection.close();
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }, 30_000);

  it('keeps closed workflows for 30 days, knows every search attribute, and shows its UI', async () => {
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
    expect(String(config?.workflowExecutionRetentionTtl?.seconds)).toBe(THIRTY_DAYS_S);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(Object.keys(customAttributes ?? {})).toEqual(
      expect.arrayContaining(SEARCH_ATTRIBUTES.map(({ name }) => name)),
    );
    const page = await fetch(server.temporal.uiUrl ?? '');
    expect(page.status).toBe(200);
  });

  it('loses nothing by kill -9 and comes back at the same address', async () => {
    await begin('before');
    const { address } = server.temporal;
    const killed = server.pid();
    process.kill(killed, 'SIGKILL');
    await restarted(killed);
    await waitUntil(async () => (await statusOf('before')) === 'RUNNING', {
      what: 'the workflow to be there again',
      timeoutMs: 60_000,
    });
    await begin('after');
    expect(server.temporal.address).toBe(address);
    expect(processIdentity(killed)).toBeNull();
  });

  it('comes back when its guard is killed, and leaves no second server', async () => {
    await begin('before');
    const killed = server.pid();
    process.kill(guardPid(), 'SIGKILL');
    await waitUntil(() => processIdentity(killed) === null, {
      what: 'the server without a guard to be killed',
    });
    await restarted(killed);
    await waitUntil(async () => (await statusOf('before')) === 'RUNNING', {
      what: 'the workflow to be there again',
      timeoutMs: 60_000,
    });
  });

  it('survives being killed again and again', async () => {
    for (let life = 0; life < 3; life++) {
      await begin(`life-${life}`);
      const killed = server.pid();
      process.kill(killed, 'SIGKILL');
      await restarted(killed);
      await waitUntil(() => probe(connection, 'default').then(() => true), {
        what: 'the server to serve',
        timeoutMs: 60_000,
      });
    }
    for (let life = 0; life < 3; life++) expect(await statusOf(`life-${life}`)).toBe('RUNNING');
  }, 90_000);

  it('keeps address and data over a stop and a start', async () => {
    await begin('before');
    const { address, uiUrl } = server.temporal;
    await server.stop();
    server = await start();
    expect(server.temporal).toMatchObject({ address, uiUrl });
    await waitUntil(async () => (await statusOf('before')) === 'RUNNING', {
      what: 'the workflow to be there again',
    });
  });

  it('is started once on a state directory', async () => {
    await expect(start()).rejects.toThrow(LockHeldError);
    expect(processIdentity(server.pid())).not.toBeNull();
  });

  it('stops for good: no restart, no process, no port', async () => {
    const pid = server.pid();
    const guard = guardPid();
    await server.stop();
    expect(processIdentity(pid)).toBeNull();
    expect(processIdentity(guard)).toBeNull();
    expect(server.pid()).toBe(0);
    await expect(fetch(server.temporal.uiUrl ?? '')).rejects.toThrow();
  });

  it('makes a namespace of another name', async () => {
    await server.stop();
    server = await start('fleet');
    await probe(connection, 'fleet');
    expect(server.temporal.namespace).toBe('fleet');
  });
});

describe('a Temporal server that cannot start', () => {
  it('is an error that shows the end of its log', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'signalbox-broken-'));
    const starting = startTemporalServer({
      binary: join(stateDir, 'nothing'),
      stateDir,
      namespace: 'default',
      ui: false,
      durable: false,
      logger: pino({ level: 'silent' }),
    });
    await expect(starting).rejects.toThrow(/did not come up \(exit code 127.*not found/s);
  });
});

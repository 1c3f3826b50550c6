/** An agent whose own receipt has closed its task, and who hears so from a renewal before it hears it of the receipt. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { listQuarantine } from '../../agent/quarantine';
import { SignalboxAgent } from '../../agent/signalbox-agent';
import { launchersBelow } from '../helpers/local-host';
import { waitUntil } from '../helpers/wait-until';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signalbox-agent-'));
});

afterEach(async () => {
  await waitUntil(() => launchersBelow(directory).length === 0, { what: 'launchers to end' });
  rmSync(directory, { recursive: true, force: true });
});

const GRANT = {
  task: {
    id: 'own-end',
    title: 't',
    body: 'true',
    diff: null,
    affected_files: [],
    labels: [],
    repository: null,
    branch_name: 'b',
    template: 'shell',
    priority: 5,
    product: 'default',
    attempt: 1,
    checkpoint: null,
    findings: [],
    run_timeout_ms: 60_000,
  },
  lease: { token: 'lease', epoch: 1, renew_every_s: 0.1 },
};
const CLOSED = { status: 410, body: { code: 'closed', detail: 'the task is closed' } };

/** What a server answers whose workers are slow: 202 to the first receipt, after the task has shown itself closed. */
async function slowServer(last: { status: number; body: unknown }) {
  const receipts: string[] = [];
  let granted = false;
  let seenClosed = () => {};
  const closedWasSeen = new Promise<void>((resolve) => {
    seenClosed = resolve;
  });
  async function answer(path: string, body: string): Promise<{ status: number; body?: unknown }> {
    if (path.endsWith('/complete')) {
      receipts.push(JSON.parse(body).completion_id);
      if (receipts.length > 1) return last;
      await closedWasSeen;
      return { status: 202, body: { id: 'own-end', pending: true } };
    }
    if (path.endsWith('/tasks/dequeue')) {
      if (granted) return { status: 204 };
      granted = true;
      return { status: 200, body: GRANT };
    }
    if (path.endsWith('/own-end/heartbeat') && receipts.length > 0) return CLOSED;
    return { status: 200, body: { directive: 'continue', next_offset: 0 } };
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const told = await answer(request.url ?? '', Buffer.concat(chunks).toString());
    response.writeHead(told.status, { 'content-type': 'application/json', connection: 'close' });
    response.end(told.body === undefined ? undefined : JSON.stringify(told.body));
    // Closed by the agent as well, which has read the answer by then and knows that its lease is over.
    if (told === CLOSED) request.socket.once('close', seenClosed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    receipts,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

it.each([
  ['was accepted', { status: 200, body: {} }, []],
  [
    'came too late',
    { status: 410, body: { code: 'closed', quarantine_id: 'quarantine/own-end/1/c' } },
    [{ kind: 'late_receipt', quarantine_id: 'quarantine/own-end/1/c' }],
  ],
])('asks again after a 202 until it knows whether its receipt %s', async (_what, last, kept) => {
  const server = await slowServer(last);
  const agent = new SignalboxAgent({
    url: server.url,
    token: 'token',
    agentId: 'a',
    detect: false,
    stateDir: directory,
    kill_grace_ms: 300,
  });
  try {
    await agent.start();
    await waitUntil(() => agent.busy === 1, { what: 'the task to be taken' });
    await waitUntil(() => agent.busy === 0, { what: 'the task to be reported' });
    expect(listQuarantine(join(directory, 'quarantine'))).toMatchObject(kept);
    expect(new Set(server.receipts).size).toBe(1);
    expect(server.receipts).toHaveLength(2);
  } finally {
    agent.drain();
    await agent.ended;
    await server.close();
  }
});

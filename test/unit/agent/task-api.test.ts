import { expect, it } from '@jest/globals';
import type { Call } from '../../../agent/http-client';
import { TaskApi } from '../../../agent/task-api';

const NONE = { status: 200, body: {}, code: null, retry_after_ms: null, directive: null };
const never = new AbortController().signal;

function recording() {
  const calls: Call[] = [];
  const http = async (call: Call) => {
    calls.push(call);
    return NONE;
  };
  return { calls, api: new TaskApi(http, 'agent-token', 'ada') };
}

async function everyCall(api: TaskApi, token?: string) {
  const lease = api.lease('org/repo#1', { epoch: 7, renew_every_s: 1, ...(token && { token }) });
  await lease.renew(null, 1_000);
  await lease.appendLog(3, new Uint8Array(1), never);
  await lease.complete({ status: 'completed', summary: '', artifacts: {}, duration_ms: 0 }, 'c');
  await lease.release(null, 'r');
}

it('uses the token of the lease where there is one, and that of the agent for nothing else', async () => {
  const { calls, api } = recording();
  await everyCall(api, 'lease-token');
  expect(calls.map(({ token }) => token)).toEqual(Array(4).fill('lease-token'));
  expect(calls.map(({ path }) => path.split('/')[2])).toEqual(Array(4).fill('org%2Frepo%231'));
});

it('uses the token of the agent where the server gives no other', async () => {
  const { calls, api } = recording();
  await everyCall(api);
  expect(calls.map(({ token }) => token)).toEqual(Array(4).fill('agent-token'));
});

it('has a limit of time for every call, and for a long poll more than the wait of the server', async () => {
  const { calls, api } = recording();
  await everyCall(api);
  await api.register({ capabilities: [], slots: 1 }, never);
  await api.present(0, never);
  await api.dequeue({ capabilities: [], wait_ms: 50_000, request_id: 'r', retry: false }, never);
  expect(calls).toHaveLength(7);
  for (const { timeout_ms } of calls) expect(timeout_ms).toBeGreaterThan(0);
  expect(calls.at(-1)?.timeout_ms).toBeGreaterThan(50_000);
});

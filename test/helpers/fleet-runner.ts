/** A runner that speaks `/api/fleet`, as far as the wire is concerned. */
import { randomUUID } from 'node:crypto';
import type { ClaimedJob } from '../../contracts/fleet';
import type { Answer, CallOptions, TestApi } from './api-server';
import { waitUntil } from './wait-until';

/** Config with leases so short that a test can wait for their end. */
export const HASTY = { fleet: { lease_ms: 700, presence_ms: 60_000 } };

export const wip = { wipBranch: 'wip/1', wipCommit: 'abcdef0' };

export interface RunnerOptions {
  token?: string;
  product?: string;
  capabilities?: string[];
}

export type Runner = Awaited<ReturnType<typeof fleetRunner>>;

/** `below`: such as `/runs`. */
export const jobPath = (id: string, below = '') => `/api/fleet/jobs/${encodeURIComponent(id)}${below}`;

export async function fleetRunner(api: TestApi, factoryId: string, given: RunnerOptions = {}) {
  const token = given.token ?? (await api.tokenFor(factoryId));
  const capabilities = given.capabilities ?? ['agent:code'];
  const headers: Record<string, string> = given.product ? { 'x-product-id': given.product } : {};
  const options: CallOptions = { token, headers };
  const post = (path: string, body: unknown): Promise<Answer> => api.post(path, body, options);
  return {
    factoryId,
    beat: (more: Record<string, unknown> = {}) =>
      post('/api/fleet/factories/heartbeat', { factoryId, capabilities, health: 'ok', load: 0, ...more }),
    claim: (more: Record<string, unknown> = {}) =>
      post('/api/fleet/claim', { factoryId, capabilities, ...more }),
    get: (id: string, below = '') => api.get(`${jobPath(id)}${below}`, options),
    report: (id: string, stage: string, leaseEpoch: number, checkpoint?: Record<string, string>) =>
      decided(stage, () =>
        api.call('PATCH', jobPath(id), { ...options, body: { stage, leaseEpoch, checkpoint } }),
      ),
    renew: (id: string, leaseEpoch: number) => post(`${jobPath(id)}/lease/renew`, { leaseEpoch }),
    release: (id: string, leaseEpoch: number) =>
      decided('the release', () => post(`${jobPath(id)}/lease/release`, { leaseEpoch })),
  };
}

/** Again after a 202, which is what a busy machine answers: the same stage or release twice is once. */
const decided = (what: string, call: () => Promise<Answer>): Promise<Answer> =>
  waitUntil(
    async () => {
      const answer = await call();
      return answer.status !== 202 && answer;
    },
    { what: `an answer to ${what}` },
  );

/** A job that only these runners may do, who call `via`. */
export async function fleetJob(api: TestApi, names: string[], over: Record<string, unknown>, via: TestApi) {
  const id = `org/repo#${randomUUID()}`;
  const label = `agent:${randomUUID()}`;
  const created = await api.post('/tasks', { id, title: 't', body: 'do it', labels: [label], ...over });
  if (created.status !== 201) throw new Error(`no job: ${created.status}`);
  const runners = await Promise.all(names.map((name) => fleetRunner(via, name, { capabilities: [label] })));
  return { id, label, runners, runner: runners[0] as Runner };
}

/** What the claim answers, once there is a job. */
export async function claimed(
  runner: Runner,
): Promise<Pick<ClaimedJob, 'id' | 'leaseEpoch' | 'leaseExpiresAt' | 'bodyMd'>> {
  const answer = await waitUntil(
    async () => {
      const got = await runner.claim();
      return got.status === 200 && got;
    },
    { what: 'a job' },
  );
  return answer.body;
}

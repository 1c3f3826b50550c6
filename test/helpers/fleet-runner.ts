/** A runner that speaks `/api/fleet`, as far as the wire is concerned. */
import type { Answer, CallOptions, TestApi } from './api-server';

export interface RunnerOptions {
  token?: string;
  product?: string;
  capabilities?: string[];
}

export type Runner = Awaited<ReturnType<typeof fleetRunner>>;

export const jobPath = (id: string) => `/api/fleet/jobs/${encodeURIComponent(id)}`;

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
      api.call('PATCH', jobPath(id), { ...options, body: { stage, leaseEpoch, checkpoint } }),
    renew: (id: string, leaseEpoch: number) => post(`${jobPath(id)}/lease/renew`, { leaseEpoch }),
    release: (id: string, leaseEpoch: number) => post(`${jobPath(id)}/lease/release`, { leaseEpoch }),
  };
}

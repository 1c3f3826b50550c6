/** A runner that speaks `/api/fleet`. */
import { type ClaimedJob, claimedJobSchema, jobSchema } from '../../../contracts/fleet';
import type { Agent } from '../agents';
import { answered, expectStatus } from '../expectations';
import type { Lab } from '../lab';
import type { TaskUnderTest } from '../task-under-test';
import type { Answer } from '../wire';

export type Runner = ReturnType<typeof createRunner>;

const FLEET = '/api/fleet';
export const WIP = { wipBranch: 'wip/conformance', wipCommit: '0123abc' };

/** @param label all that it is capable of */
export function createRunner(
  { as, until }: Lab,
  agent: Agent,
  label: string,
  headers: Record<string, string> = {},
) {
  const client = as(agent);
  const factoryId = agent.id;
  const capabilities = [label];
  const at = (id: string) => `${FLEET}/jobs/${encodeURIComponent(id)}`;
  const claim = (more: Record<string, unknown> = {}) =>
    client.post(`${FLEET}/claim`, { factoryId, capabilities, ...more }, { headers });
  return {
    factoryId,
    token: agent.token,
    claim,
    beat: (more: Record<string, unknown> = {}) =>
      client.post(
        `${FLEET}/factories/heartbeat`,
        { factoryId, capabilities, health: 'ok', load: 0, ...more },
        { headers },
      ),
    get: (id: string, below = '') => client.get(`${at(id)}${below}`, { headers }),
    job: async (id: string) => answered('the job', await client.get(at(id), { headers }), 200, jobSchema),
    report: (
      id: string,
      stage: string,
      leaseEpoch: number,
      checkpoint?: Record<string, string>,
    ): Promise<Answer> =>
      client.call('PATCH', at(id), { headers, repeatable: true, body: { stage, leaseEpoch, checkpoint } }),
    renew: (id: string, leaseEpoch: number) =>
      client.post(`${at(id)}/lease/renew`, { leaseEpoch }, { headers }),
    release: (id: string, leaseEpoch: number) =>
      client.post(`${at(id)}/lease/release`, { leaseEpoch }, { headers, repeatable: true }),
    /** Claims do not wait, so this asks until there is a job. */
    claimed: (): Promise<ClaimedJob> =>
      until(`a job for ${factoryId}`, async () => {
        const answer = await claim();
        expectStatus('a claim', answer, [200, 204]);
        return answer.status === 200 && answered('a claim', answer, 200, claimedJobSchema);
      }),
  };
}

/** A job that two runners may do, and nobody else. */
export async function jobForTwo(lab: Lab, over: Record<string, unknown> = {}) {
  const job: TaskUnderTest = await lab.task(over);
  const [ada, bob] = lab.pair.map((agent) => createRunner(lab, agent, job.label)) as [Runner, Runner];
  return { job, id: job.id, ada, bob };
}

/** Heartbeats, claims, and two runners at once. */
import { randomUUID } from 'node:crypto';
import { claimedJobSchema, factoryBeatAnswerSchema } from '../../../contracts/fleet';
import { answered, expectStatus, holds, same } from '../expectations';
import type { Invariant } from '../invariant';
import { findAgent } from '../v1/agents';
import { createRunner, jobForTwo, type Runner, WIP } from './runner';

const JOBS = 6;

export const fleetClaims: Invariant[] = [
  {
    name: 'fleet/heartbeat',
    requires:
      'the first heartbeat registers a factory, later ones change it; each says how much it could claim',
    async check(lab) {
      const job = await lab.task();
      const runner = createRunner(lab, await lab.freshAgent(), job.label);
      await lab.until('claimable: 1', async () => {
        const { claimable } = answered('the heartbeat', await runner.beat(), 200, factoryBeatAnswerSchema);
        holds('claimable: 0 or 1', claimable <= 1, claimable);
        return claimable === 1;
      });
      expectStatus('a second heartbeat', await runner.beat({ capabilities: [job.label, 'agent:more'] }), 200);
      await lab.until('the factory online with its new capabilities', async () => {
        const found = await findAgent(lab, runner.factoryId);
        return found?.presence === 'online' && found.capabilities.includes('agent:more');
      });
    },
  },
  {
    name: 'fleet/claim',
    requires:
      'of two runners that claim a job at once one gets it, with body, epoch and lease; the other 204',
    async check(lab) {
      const { id, ada, bob } = await jobForTwo(lab, { body: 'do it' });
      const answers = await Promise.all([ada.claim(), bob.claim()]);
      for (const answer of answers) expectStatus('a claim in a race', answer, [200, 204]);
      const won = answers.filter(({ status }) => status === 200);
      // A process of the API that did not create the job may not know it yet.
      if (won.length === 0) await ada.claimed();
      holds('one winner at most', won.length <= 1, `${won.length} winners`);
      for (const answer of won) {
        const got = answered('the claim', answer, 200, claimedJobSchema);
        same('job, body and epoch', [id, 'do it', 1], [got.id, got.bodyMd, got.leaseEpoch]);
        holds('a lease to come', Date.parse(got.leaseExpiresAt) > Date.now(), got.leaseExpiresAt);
      }
      for (const runner of [ada, bob]) expectStatus('a claim when all is taken', await runner.claim(), 204);
    },
  },
  {
    name: 'fleet/capabilities',
    requires: 'a job is offered only to runners that name all of its agent:* labels, letter by letter',
    async check(lab) {
      const label = `agent:conformance-${randomUUID()}`;
      const { id, ada } = await jobForTwo(lab, { labels: [label, 'agent:More', 'other'] });
      for (const capabilities of [[label], [label, 'agent:more'], ['agent:More'], []]) {
        expectStatus(`a claim with ${capabilities}`, await ada.claim({ capabilities }), 204);
      }
      await lab.until('the job for a runner with all labels', async () => {
        const answer = await ada.claim({ capabilities: [label, 'agent:More'] });
        return answer.status === 200 && answered('the claim', answer, 200, claimedJobSchema).id === id;
      });
    },
  },
  {
    name: 'fleet/two-runners',
    requires: `two runners that work at once do each of ${JOBS} jobs exactly once`,
    async check(lab) {
      const first = await lab.task();
      const jobs = [first];
      while (jobs.length < JOBS) jobs.push(await lab.task({ label: first.label }));
      const [ada, bob] = lab.pair.map((agent) => createRunner(lab, agent, first.label)) as [Runner, Runner];
      const shipped: string[] = [];
      const work = async (runner: Runner) => {
        while (shipped.length < JOBS) {
          const claim = await runner.claim();
          expectStatus('a claim', claim, [200, 204]);
          if (claim.status === 204) await lab.pause(100);
          else {
            const { id, leaseEpoch } = answered('a claim', claim, 200, claimedJobSchema);
            for (const stage of ['building', 'review', 'testing', 'shipped']) {
              expectStatus(stage, await runner.report(id, stage, leaseEpoch, WIP), 200);
            }
            expectStatus('the release', await runner.release(id, leaseEpoch), 200);
            shipped.push(id);
          }
        }
      };
      await Promise.all([work(ada), work(bob)]);
      same('the jobs shipped', jobs.map(({ id }) => id).sort(), shipped.sort());
      for (const job of jobs) same('its attempts', 1, (await job.view()).attempts.length);
    },
  },
];

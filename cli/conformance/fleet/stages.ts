/** Reports of a runner, and what they make of a job. */
import { jobEventsSchema, jobSchema, leaseAnswerSchema, runsSchema } from '../../../contracts/fleet';
import { answered, expectStatus, holds, refused, same } from '../expectations';
import type { Invariant } from '../invariant';
import { jobForTwo, WIP } from './runner';

export const fleetStages: Invariant[] = [
  {
    name: 'fleet/report',
    requires:
      'stages and checkpoints are kept, the same again is 200, and shipped makes a receipt of the checkpoint',
    async check(lab) {
      const { job, id, ada, bob } = await jobForTwo(lab);
      same('stage before the claim', 'queued', (await ada.job(id)).stage);
      const { leaseEpoch } = await ada.claimed();
      same('stage after the claim', 'assigned', (await ada.job(id)).stage);
      for (const stage of ['building', 'building', 'review', 'building', 'testing', 'testing', 'building']) {
        const answer = await ada.report(id, stage, leaseEpoch, WIP);
        same('the stage', stage, answered(stage, answer, 200, jobSchema).stage);
        const seen = await bob.job(id);
        same('stage and checkpoint to others', [stage, WIP], [seen.stage, seen.checkpoint]);
      }
      for (let i = 0; i < 2; i++) {
        const shipped = answered('shipped', await ada.report(id, 'shipped', leaseEpoch), 200, jobSchema);
        same('the stage', 'shipped', shipped.stage);
      }
      const { status, receipt } = await job.view();
      const { branch, commit } = receipt?.artifacts ?? {};
      same('task and receipt', ['completed', WIP], [status, { wipBranch: branch, wipCommit: commit }]);
      const { runs } = answered('the runs', await ada.get(id, '/runs'), 200, runsSchema);
      same(
        'the runs',
        [[leaseEpoch, ada.factoryId]],
        runs.map((run) => [run.leaseEpoch, run.factoryId]),
      );
      const { events } = answered('the events', await ada.get(id, '/events'), 200, jobEventsSchema);
      const told = JSON.stringify(events);
      for (const stage of ['building', 'review', 'testing']) {
        holds(`an event for ${stage}, written by the server`, told.includes(stage), told);
      }
    },
  },
  {
    name: 'fleet/renew',
    requires: 'a renewal by the holder is 200 and moves leaseExpiresAt on, under the same epoch',
    async check(lab) {
      const { id, ada } = await jobForTwo(lab);
      const { leaseEpoch, leaseExpiresAt } = await ada.claimed();
      expectStatus('building', await ada.report(id, 'building', leaseEpoch), 200);
      let last = leaseExpiresAt;
      for (let i = 0; i < 3; i++) {
        await lab.pause(300);
        const lease = answered('a renewal', await ada.renew(id, leaseEpoch), 200, leaseAnswerSchema);
        same('the epoch', leaseEpoch, lease.leaseEpoch);
        holds('a later leaseExpiresAt', lease.leaseExpiresAt > last, `${lease.leaseExpiresAt} after ${last}`);
        last = lease.leaseExpiresAt;
      }
      same('the stage', 'building', (await ada.job(id)).stage);
    },
  },
  {
    name: 'fleet/illegal-transition',
    requires: 'a stage that may not follow is 422 and never 409, and changes nothing',
    async check(lab) {
      const { id, ada } = await jobForTwo(lab);
      const { leaseEpoch } = await ada.claimed();
      expectStatus('testing', await ada.report(id, 'testing', leaseEpoch), 200);
      for (const stage of ['review', 'queued', 'assigned']) {
        refused(`${stage} after testing`, await ada.report(id, stage, leaseEpoch), 422, 'illegal_stage');
      }
      expectStatus('a stage that there is not', await ada.report(id, 'deploying', leaseEpoch), 422);
      same('the stage', 'testing', (await ada.job(id)).stage);
      expectStatus('shipped', await ada.report(id, 'shipped', leaseEpoch), 200);
      for (const stage of ['building', 'failed', 'dead_letter', 'queued']) {
        refused(`${stage} after shipped`, await ada.report(id, stage, leaseEpoch), 422, 'illegal_stage');
      }
      same('the stage', 'shipped', (await ada.job(id)).stage);
    },
  },
  {
    name: 'fleet/release',
    requires:
      'a release gives the job back at once with its checkpoint; after a terminal stage it is 200 as well',
    async check(lab) {
      const { job, id, ada, bob } = await jobForTwo(lab);
      const first = await ada.claimed();
      expectStatus('building', await ada.report(id, 'building', first.leaseEpoch, WIP), 200);
      for (let i = 0; i < 2; i++) {
        const freed = answered('a release', await ada.release(id, first.leaseEpoch), 200, jobSchema);
        same('the stage', 'queued', freed.stage);
      }
      same('retries', 0, (await job.view()).retry_count);
      const second = await bob.claimed();
      same('the checkpoint that is handed on', WIP, second.checkpoint);
      for (const stage of ['building', 'shipped']) {
        expectStatus(stage, await bob.report(id, stage, second.leaseEpoch), 200);
      }
      expectStatus('a release after shipped', await bob.release(id, second.leaseEpoch), 200);
      same('the stage', 'shipped', (await bob.job(id)).stage);
    },
  },
  {
    name: 'fleet/failed',
    requires:
      'failed ends the attempt and hands its checkpoint on; dead_letter ends the job; both release with 200',
    async check(lab) {
      const { id, ada, bob } = await jobForTwo(lab);
      const first = await ada.claimed();
      for (let i = 0; i < 2; i++) {
        expectStatus('failed', await ada.report(id, 'failed', first.leaseEpoch, WIP), 200);
      }
      expectStatus('a release after failed', await ada.release(id, first.leaseEpoch), 200);
      const second = await bob.claimed();
      same('the checkpoint that is handed on', WIP, second.checkpoint);
      holds('a new epoch', second.leaseEpoch > first.leaseEpoch, second.leaseEpoch);
      expectStatus('dead_letter', await bob.report(id, 'dead_letter', second.leaseEpoch), 200);
      expectStatus('a release after dead_letter', await bob.release(id, second.leaseEpoch), 200);
      same('the stage', 'dead_letter', (await bob.job(id)).stage);
    },
  },
];

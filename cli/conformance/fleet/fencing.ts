/** A runner whose job went to another is told 409, and nobody else is. */
import { randomUUID } from 'node:crypto';
import { expectStatus, holds, refused, same } from '../expectations';
import type { Invariant } from '../invariant';
import { isListed } from '../quarantine';
import { SHORT_LEASE_S } from '../task-under-test';
import { createRunner, jobForTwo, type Runner, WIP } from './runner';

/** Shipped last: it leaves a receipt behind. */
const STAGES = ['building', 'review', 'testing', 'blocked', 'failed', 'dead_letter', 'shipped'];

async function eachStale(runner: Runner, id: string, epoch: number) {
  for (const stage of STAGES) {
    refused(`${stage} under an old epoch`, await runner.report(id, stage, epoch, WIP), 409, 'stale_epoch');
  }
  refused('a renewal under an old epoch', await runner.renew(id, epoch), 409, 'stale_epoch');
  refused('a release under an old epoch', await runner.release(id, epoch), 409, 'stale_epoch');
}

export const fleetFencing: Invariant[] = [
  {
    name: 'fleet/fencing',
    requires: 'after a cancellation every report, renewal and release of the holder is 409 stale_epoch',
    async check(lab) {
      const { job, id, ada } = await jobForTwo(lab);
      const { leaseEpoch } = await ada.claimed();
      expectStatus('building', await ada.report(id, 'building', leaseEpoch, WIP), 200);
      expectStatus('the cancellation', await job.cancel(), 200);
      await eachStale(ada, id, leaseEpoch);
      same('the stage', 'dead_letter', (await ada.job(id)).stage);
    },
  },
  {
    // Leases of this dialect last too long to wait for; a lease is the same however it was claimed.
    name: 'fleet/reclaim',
    requires:
      'a job whose lease ran out is claimed by another runner with its checkpoint; the old one is stale',
    async check(lab) {
      const { job, id, ada, bob } = await jobForTwo(lab);
      const [agent] = lab.pair;
      const { lease } = await job.take(agent, { lease_s: SHORT_LEASE_S });
      const checkpoint = { branch: WIP.wipBranch, commit: WIP.wipCommit };
      expectStatus('a renewal', await job.say(agent, 'heartbeat', { epoch: lease.epoch, checkpoint }), 200);
      const now = await bob.claimed();
      same('job, epoch and checkpoint', [id, lease.epoch + 1, WIP], [now.id, now.leaseEpoch, now.checkpoint]);
      expectStatus('building', await bob.report(id, 'building', now.leaseEpoch), 200);
      await eachStale(ada, id, lease.epoch);
      const late = refused('shipped', await ada.report(id, 'shipped', lease.epoch, WIP), 409, 'stale_epoch');
      const { quarantine_id } = late;
      holds('a quarantine_id', typeof quarantine_id === 'string', quarantine_id ?? 'none');
      await isListed(lab, quarantine_id, { epoch: lease.epoch, summary: `shipped by ${ada.factoryId}` });
      const seen = await bob.job(id);
      same('stage and factory', ['building', bob.factoryId], [seen.stage, seen.factoryId]);
      expectStatus('shipped by its holder', await bob.report(id, 'shipped', now.leaseEpoch), 200);
      await eachStale(ada, id, lease.epoch);
    },
  },
  {
    name: 'fleet/not-yours',
    requires: 'the epoch of another runner is 403, a job that is not there 404, no token 401: never 409',
    async check(lab) {
      const { id, ada, bob } = await jobForTwo(lab);
      const { leaseEpoch } = await ada.claimed();
      const nobody = createRunner(lab, { id: ada.factoryId, token: 'none' }, 'agent:none');
      const missing = `conformance/${randomUUID()}`;
      for (const [runner, job, status] of [
        [bob, id, 403],
        [bob, missing, 404],
        [nobody, id, 401],
      ] as const) {
        for (const answer of [
          await runner.report(job, 'building', leaseEpoch),
          await runner.report(job, 'shipped', leaseEpoch),
          await runner.renew(job, leaseEpoch),
          await runner.release(job, leaseEpoch),
        ]) {
          expectStatus('a runner without a right to it', answer, status);
        }
      }
      expectStatus('a claim for another factory', await bob.claim({ factoryId: ada.factoryId }), 403);
      same('the stage', 'assigned', (await ada.job(id)).stage);
    },
  },
  {
    name: 'fleet/products',
    requires: 'a token of another product sees no job (404, 204); naming another product than its own is 403',
    async check(lab) {
      const eve = await lab.freshAgent({ product: `conformance-${randomUUID()}` });
      const { id, job, ada } = await jobForTwo(lab);
      const other = createRunner(lab, eve, job.label);
      expectStatus('a claim of the other product', await other.claim(), 204);
      const { leaseEpoch } = await ada.claimed();
      for (const answer of [
        await other.get(id),
        await other.get(id, '/runs'),
        await other.get(id, '/events'),
        await other.report(id, 'shipped', leaseEpoch),
        await other.renew(id, leaseEpoch),
        await other.release(id, leaseEpoch),
      ]) {
        expectStatus('a call of the other product', answer, 404);
      }
      const posing = createRunner(lab, eve, job.label, { 'x-product-id': 'conformance-another' });
      for (const answer of [await posing.beat(), await posing.claim(), await posing.get(id)]) {
        refused('a call under another product', answer, 403, 'wrong_product');
      }
    },
  },
];

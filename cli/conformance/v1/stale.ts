/** A holder whose task was granted to another can change nothing any more. */
import { taskAnswerSchema } from '../../../contracts/api';
import { answered, expectStatus, refused, same } from '../expectations';
import type { Invariant } from '../invariant';
import type { Lab } from '../lab';
import { isListed } from '../quarantine';
import { RECEIPT, SHORT_LEASE_S } from '../task-under-test';
import { toldToStop } from './directives';

/** Ada's lease ran out, and Bob has the task. */
async function takenOver({ pair: [ada, bob], task }: Lab) {
  const one = await task();
  const { lease: old } = await one.take(ada, { lease_s: SHORT_LEASE_S });
  const { lease } = await one.take(bob);
  same('the epoch of the second claim', old.epoch + 1, lease.epoch);
  /** It is Bob's, as if nothing had been said. */
  const isUnmoved = async () => {
    const { status, epoch, assigned_agent_id, receipt, retry_count } = await one.view();
    same(
      'status, epoch, holder, receipt and retries of the task',
      ['assigned', lease.epoch, bob.id, null, 0],
      [status, epoch, assigned_agent_id, receipt, retry_count],
    );
    const done = await one.complete(bob, { epoch: lease.epoch });
    same(
      'status after the receipt of its holder',
      'completed',
      answered('it', done, 200, taskAnswerSchema).status,
    );
  };
  return { one, ada, old: old.epoch, epoch: lease.epoch, isUnmoved };
}

const stale = (verb: string, bodies: Record<string, unknown>[]): Invariant => ({
  name: `v1/stale-${verb}`,
  requires: `${verb} under an epoch that is over is 409 stale_epoch with directive terminate, and changes nothing`,
  async check(lab) {
    const { one, ada, old, isUnmoved } = await takenOver(lab);
    for (const body of bodies) {
      const answer = await one.say(ada, verb, { epoch: old, ...body });
      refused(`${verb} by the old holder`, answer, 409, 'stale_epoch');
      toldToStop(answer);
    }
    await isUnmoved();
  },
});

export const staleMessages: Invariant[] = [
  stale('heartbeat', [{}, { progress: 'still here', checkpoint: { branch: 'late' } }]),
  stale('status', [{ status: 'running' }, { status: 'failed', message: 'late' }]),
  stale('release', [{}, { checkpoint: { branch: 'late' } }]),
  {
    name: 'v1/stale-complete',
    requires: 'a receipt under an epoch that is over is 409, quarantined for a person, and changes nothing',
    async check(lab) {
      const { one, ada, old, isUnmoved } = await takenOver(lab);
      const told = { epoch: old, completion_id: 'late', receipt: { ...RECEIPT, summary: 'too late' } };
      const late = await one.complete(ada, told);
      const { quarantine_id } = refused('the late receipt', late, 409, 'stale_epoch');
      toldToStop(late);
      const again = refused('its repeat', await one.complete(ada, told), 409, 'stale_epoch');
      same('quarantine_id of the repeat', quarantine_id, again.quarantine_id);
      await isListed(lab, quarantine_id, { epoch: old, summary: 'too late', holder: ada.id });
      await isUnmoved();
    },
  },
  {
    name: 'v1/future-epoch',
    requires: 'an epoch that was never granted is no right to anything: refused, and nothing changes',
    async check(lab) {
      const { one, ada, epoch, isUnmoved } = await takenOver(lab);
      for (const [verb, body] of [
        ['heartbeat', {}],
        ['status', { status: 'failed' }],
        ['release', {}],
      ] as const) {
        const answer = await one.say(ada, verb, { epoch: epoch + 100, ...body });
        expectStatus(`${verb} under an epoch to come`, answer, [409, 423]);
      }
      await isUnmoved();
    },
  },
];

/** How long a task is held, and what becomes of it when it is let go. */
import { taskAnswerSchema } from '../../../contracts/api';
import { heartbeatAnswerSchema } from '../../../contracts/lease';
import { answered, holds, refused, same } from '../expectations';
import type { Invariant } from '../invariant';
import type { Lab } from '../lab';
import { isListed } from '../quarantine';
import { RECEIPT, SHORT_LEASE_S, type TaskUnderTest } from '../task-under-test';
import { directiveOf, leaseIsOver, toldToStop } from './directives';

const CHECKPOINT = { branch: 'wip/conformance', commit: '0123abc', session_id: 'conformance' };
/** In milliseconds; well below the time of a long lease. */
const AT_ONCE_MS = 8_000;

async function renew(one: TaskUnderTest, by: { token: string }, body: Record<string, unknown>) {
  return answered('a renewal', await one.say(by, 'heartbeat', body), 200, heartbeatAnswerSchema);
}

const untilRunning = ({ until }: Lab, one: TaskUnderTest) =>
  until('the task to be running', async () => (await one.view()).status === 'running');

export const leases: Invariant[] = [
  {
    name: 'v1/renewal',
    requires:
      'a lease that is renewed outlives its length, and says when to renew: twice in its length or more',
    async check({ pair: [ada, bob], task, pause }) {
      const one = await task();
      const { lease } = await one.take(ada, { lease_s: 6 });
      holds('renew_every_s of 3 or less for a lease of 6 s', lease.renew_every_s <= 3, lease.renew_every_s);
      async function keep() {
        let last = '';
        for (let i = 0; i < 10; i++) {
          const { expires_at, directive } = await renew(one, ada, { epoch: lease.epoch });
          same('the directive', 'continue', directive);
          holds('an expires_at later than the last', expires_at > last, `${expires_at} after ${last}`);
          last = expires_at;
          await pause(1_000);
        }
      }
      const [other] = await Promise.all([one.dequeue(bob, { wait_ms: 9_000 }), keep()]);
      same('the answer to another claim', 204, other.status);
      same('epoch and status', [1, 'running'], [(await one.view()).epoch, (await one.view()).status]);
    },
  },
  {
    name: 'v1/expiry-and-takeover',
    requires: 'a lease that is not renewed passes on with the checkpoint; the late receipt is quarantined',
    async check(lab) {
      const { pair, task } = lab;
      const [ada, bob] = pair;
      const one = await task();
      const { lease: old } = await one.take(ada, { lease_s: SHORT_LEASE_S });
      await renew(one, ada, { epoch: old.epoch, checkpoint: CHECKPOINT });
      const { task: work, lease } = await one.take(bob);
      same('the epoch', old.epoch + 1, lease.epoch);
      same('the checkpoint that is handed on', CHECKPOINT, work.checkpoint);
      const late = await one.complete(ada, { epoch: old.epoch });
      const { quarantine_id } = refused('the late receipt', late, 409, 'stale_epoch');
      await isListed(lab, quarantine_id, { epoch: old.epoch, summary: RECEIPT.summary, holder: ada.id });
      const done = await one.complete(bob, { epoch: lease.epoch });
      same('the status', 'completed', answered('the receipt', done, 200, taskAnswerSchema).status);
    },
  },
  {
    name: 'v1/unrenewed-claim',
    requires: 'a claim that is never renewed lapses and costs no retry',
    async check({ pair: [ada, bob], task }) {
      const one = await task({ max_retries: 0 });
      await one.take(ada, { lease_s: SHORT_LEASE_S });
      same('the epoch of the next claim', 2, (await one.take(bob)).lease.epoch);
      const { retry_count, status } = await one.view();
      same('retries and status', [0, 'assigned'], [retry_count, status]);
    },
  },
  {
    name: 'v1/late-renewal',
    requires: 'an expired lease may be renewed under its epoch while nobody else was granted the task',
    async check(lab) {
      const { pair, task, until } = lab;
      const [ada] = pair;
      const one = await task();
      // Renewed late, it has to last until it is looked at.
      const { lease } = await one.take(ada, { lease_s: 3 });
      await renew(one, ada, { epoch: lease.epoch });
      await until('the lease to lapse', async () => (await one.view()).lease?.lapsed);
      same('the directive', 'continue', (await renew(one, ada, { epoch: lease.epoch })).directive);
      const { epoch, lease: now } = await one.view();
      same('epoch, holder, lapsed', [1, `agent:${ada.id}`, false], [epoch, now?.holder, now?.lapsed]);
    },
  },
  {
    name: 'v1/release',
    requires: 'a task that is given back is free at once, uncharged, and hands its checkpoint on',
    async check({ pair: [ada, bob], task }) {
      const one = await task();
      const { lease } = await one.take(ada, { lease_s: 600 });
      const told = { epoch: lease.epoch, checkpoint: CHECKPOINT };
      const freed = answered('the release', await one.say(ada, 'release', told), 200, taskAnswerSchema);
      same('status, retries and lease', ['created', 0, null], [freed.status, freed.retry_count, freed.lease]);
      const begun = Date.now();
      const { task: work, lease: next } = await one.take(bob);
      holds(
        `the next claim within ${AT_ONCE_MS} ms`,
        Date.now() - begun < AT_ONCE_MS,
        `${Date.now() - begun} ms`,
      );
      same('the checkpoint that is handed on', CHECKPOINT, work.checkpoint);
      holds('an epoch above the released one', next.epoch > lease.epoch, next.epoch);
      leaseIsOver('a renewal after the release', await one.say(ada, 'heartbeat', { epoch: 1 }));
      refused('a receipt after it', await one.complete(ada, { epoch: lease.epoch }), 409, 'stale_epoch');
    },
  },
  {
    name: 'v1/cancel-terminates',
    requires: 'after a cancellation the holder is told to terminate, and its receipt is quarantined',
    async check(lab) {
      const { pair, task } = lab;
      const [ada] = pair;
      const one = await task();
      const { lease } = await one.take(ada);
      const { epoch } = lease;
      same('the directive before', 'continue', (await renew(one, ada, { epoch })).directive);
      await untilRunning(lab, one);
      const cancelled = await one.cancel();
      same('status', 'cancelled', answered('the cancellation', cancelled, 200, taskAnswerSchema).status);
      const beat = await one.say(ada, 'heartbeat', { epoch });
      if (beat.status !== 200) refused('the renewal', beat, 410, 'closed');
      toldToStop(beat);
      const late = await one.complete(ada, { epoch });
      const { quarantine_id } = refused('the receipt', late, 410, 'closed');
      toldToStop(late);
      await isListed(lab, quarantine_id, { epoch, summary: RECEIPT.summary });
      same('status', 'cancelled', (await one.view()).status);
    },
  },
  {
    name: 'v1/directive-continue',
    requires: 'answers to renewal, status and receipt tell a holder in good standing to continue',
    async check({ pair: [ada], task }) {
      const one = await task();
      const { epoch } = (await one.take(ada)).lease;
      for (const [verb, body] of [
        ['heartbeat', {}],
        ['status', { status: 'running' }],
        ['complete', { receipt: RECEIPT, completion_id: 'c' }],
      ] as const) {
        const answer = await one.say(ada, verb, { epoch, ...body });
        same(`directive in the answer ${answer.status} to ${verb}`, 'continue', directiveOf(answer));
      }
    },
  },
];

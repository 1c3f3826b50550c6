/** One receipt is accepted, and its sender learns that however often it asks. */
import { randomUUID } from 'node:crypto';
import { taskAnswerSchema } from '../../../contracts/api';
import { answered, expectStatus, refused, same } from '../expectations';
import type { Invariant } from '../invariant';
import { isListed } from '../quarantine';
import { RECEIPT } from '../task-under-test';

const OTHER_RECEIPT = { ...RECEIPT, summary: 'something else' };

export const receipts: Invariant[] = [
  {
    name: 'v1/complete-reply-lost',
    requires: 'a receipt sent again under its completion_id gets the first answer, and is one receipt',
    async check({ pair: [ada], task }) {
      const one = await task();
      const { lease } = await one.take(ada);
      const told = { epoch: lease.epoch, completion_id: randomUUID() };
      const first = answered('the receipt', await one.complete(ada, told), 200, taskAnswerSchema);
      same('status of the task', 'completed', first.status);
      for (let i = 0; i < 2; i++) {
        const again = answered('its repeat', await one.complete(ada, told), 200, taskAnswerSchema);
        same('the answer to the repeat', first, again);
      }
    },
  },
  {
    name: 'v1/complete-race',
    requires: 'the same receipt sent five times at once is accepted once, and answered 200 each time',
    async check({ pair: [ada], task }) {
      const one = await task();
      const { lease } = await one.take(ada);
      const told = { epoch: lease.epoch, completion_id: randomUUID() };
      const answers = await Promise.all(Array.from({ length: 5 }, () => one.complete(ada, told)));
      for (const answer of answers) expectStatus('one of five repeats', answer, 200);
      const { attempts, receipt } = await one.view();
      same('attempts and receipt', [1, RECEIPT.summary], [attempts.length, receipt?.summary]);
    },
  },
  {
    name: 'v1/complete-with-another-body',
    requires: 'another receipt under the same completion_id changes nothing: the first answer again',
    async check({ pair: [ada], task }) {
      const one = await task();
      const { lease } = await one.take(ada);
      const told = { epoch: lease.epoch, completion_id: randomUUID() };
      const first = answered('the receipt', await one.complete(ada, told), 200, taskAnswerSchema);
      const other = await one.complete(ada, { ...told, receipt: OTHER_RECEIPT });
      same('the answer', first, answered('another body', other, 200, taskAnswerSchema));
      same('the receipt of the task', RECEIPT.summary, (await one.view()).receipt?.summary);
    },
  },
  {
    name: 'v1/second-receipt',
    requires: 'a second receipt for what was handed in is refused (409), quarantined, and changes nothing',
    async check({ pair: [ada], staff, task, until }) {
      const one = await task({ review: 'required' });
      const { lease } = await one.take(ada);
      const { epoch } = lease;
      const first = answered('the receipt', await one.complete(ada, { epoch }), 200, taskAnswerSchema);
      same('status of the task', 'review_pending', first.status);
      const told = { epoch, receipt: OTHER_RECEIPT };
      const late = refused('the second receipt', await one.complete(ada, told), 409, 'stale_epoch');
      await isListed({ staff, until }, late.quarantine_id, { epoch, summary: OTHER_RECEIPT.summary });
      const { status, receipt } = await one.view();
      same('status and receipt', ['review_pending', RECEIPT.summary], [status, receipt?.summary]);
    },
  },
];

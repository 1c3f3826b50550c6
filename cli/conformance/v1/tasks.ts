/** A task is created once, and not lost. */
import { randomUUID } from 'node:crypto';
import { taskAnswerSchema } from '../../../contracts/api';
import { answered, refused, same } from '../expectations';
import type { Invariant } from '../invariant';

export const tasks: Invariant[] = [
  {
    name: 'v1/create-reply-lost',
    requires: 'a task created again with the same body is the same (200), with another body 409 id_conflict',
    async check({ staff, task }) {
      const label = `agent:conformance-${randomUUID()}`;
      const body = { title: 'Conformance test', body: 'b', labels: [label], execution_mode: 'http_pull' };
      const { id } = await task({ label, ...body });
      const again = { id, max_retries: 3, ...body };
      const known = answered('the repeat', await staff.post('/tasks', again), 200, taskAnswerSchema);
      same('id and labels', [id, [label]], [known.id, known.labels]);
      const other = await staff.post('/tasks', { ...again, title: 'Another' });
      refused('another body under the same id', other, 409, 'id_conflict');
    },
  },
];

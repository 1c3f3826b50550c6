/** Output that an agent sends while it works. */
import { z } from 'zod';
import type { Agent } from '../agents';
import { isNoRoute } from '../client';
import { answered, holds, refused, same } from '../expectations';
import { type Invariant, Skip } from '../invariant';
import type { Lab } from '../lab';
import { SHORT_LEASE_S, type TaskUnderTest } from '../task-under-test';
import { expectProblem } from './bad-bodies';

const appendedSchema = z.object({ next_offset: z.number().int() });

const append = (
  { as }: Lab,
  one: TaskUnderTest,
  by: Agent,
  place: { epoch: number; offset: number },
  raw: string,
) =>
  as(by).call('POST', `${one.path}/logs?offset=${place.offset}&epoch=${place.epoch}`, {
    raw,
    headers: { 'content-type': 'application/octet-stream' },
  });

async function needLogs(lab: Lab, one: TaskUnderTest, by: Agent) {
  const answer = await append(lab, one, by, { epoch: 1, offset: 0 }, '');
  if (isNoRoute(answer)) throw new Skip('this deployment has no POST /tasks/{id}/logs');
}

export const logs: Invariant[] = [
  {
    name: 'v1/log-offsets',
    requires:
      'log chunks go where their offset says: a repeat is harmless, a gap is 416 with the expected offset',
    async check(lab) {
      const { pair, staff, task } = lab;
      const [ada] = pair;
      const one = await task();
      const { epoch } = (await one.take(ada)).lease;
      await needLogs(lab, one, ada);
      const at = (offset: number, raw: string) => append(lab, one, ada, { epoch, offset }, raw);
      const next = async (offset: number, raw: string) =>
        answered('a chunk', await at(offset, raw), 200, appendedSchema).next_offset;
      same('next_offset', 4, await next(0, 'one\n'));
      same('next_offset of a repeat', 4, await next(0, 'one\n'));
      same('next_offset of an overlap', 8, await next(2, 'e\ntwo\n'));
      const gap = await at(10, 'late');
      holds('416 beyond the end', gap.status === 416, gap.status);
      const said = (gap.body as { expected_offset?: unknown } | null)?.expected_offset;
      same('expected_offset', 8, said ?? Number(gap.headers.get('signalbox-expected-offset')));
      same('next_offset of nothing', 8, await next(0, ''));
      for (const query of ['', `?epoch=${epoch}`, `?epoch=${epoch}&offset=-1`, `?epoch=${epoch}&offset=x`]) {
        const sent = { raw: 'x', headers: { 'content-type': 'text/plain' }, patient: false };
        const answer = await lab.as(ada).call('POST', `${one.path}/logs${query}`, sent);
        expectProblem(answer, query || 'no query', [400, 422], true);
      }
      const output = await staff.get(`${one.path}/output?epoch=${epoch}`);
      same('the output', 'one\ntwo\n', output.body);
    },
  },
  {
    name: 'v1/log-fencing',
    requires: 'log chunks under an epoch that is over are 409 stale_epoch, those of another agent 423',
    async check(lab) {
      const [ada, bob] = lab.pair;
      const one = await lab.task();
      const { epoch } = (await one.take(ada, { lease_s: SHORT_LEASE_S })).lease;
      await needLogs(lab, one, ada);
      const { lease } = await one.take(bob);
      const place = { epoch, offset: 0 };
      refused('a chunk by the old holder', await append(lab, one, ada, place, 'x'), 409, 'stale_epoch');
      const other = await append(lab, one, ada, { ...place, epoch: lease.epoch }, 'x');
      refused('a chunk under the epoch of another', other, 423, 'held_by_other');
    },
  },
];

/** Bodies that do not fit, and bodies that are nobody else's business. */
import { randomUUID } from 'node:crypto';
import { holds, same, showAnswer } from '../expectations';
import type { Invariant } from '../invariant';
import { expectProblem } from '../v1/bad-bodies';
import type { Answer } from '../wire';
import { jobForTwo, WIP } from './runner';

const MISFIT = [{ misfit: true }];
const NOT_JSON = ['{', 'stage=building', '\u0000'];

const FLEET = '/api/fleet';

/** Method, path, and a good body each of whose members is spoiled in turn. */
const routes = (id: string, factoryId: string): Array<[string, string, Record<string, unknown>]> => {
  const job = `${FLEET}/jobs/${encodeURIComponent(id)}`;
  return [
    ['POST', `${FLEET}/factories/heartbeat`, { factoryId, capabilities: [], health: 'ok', load: 0 }],
    ['POST', `${FLEET}/claim`, { factoryId, capabilities: ['agent:none'] }],
    ['PATCH', job, { stage: 'building', checkpoint: {}, leaseEpoch: 1 }],
    ['POST', `${job}/lease/renew`, { leaseEpoch: 1 }],
    ['POST', `${job}/lease/release`, { leaseEpoch: 1 }],
  ];
};

export const fleetBodies: Invariant[] = [
  {
    name: 'fleet/bad-bodies',
    requires: 'bodies that do not fit are 422 (400 when they are no JSON) with the reason, never 409 or 5xx',
    async check(lab) {
      const { id, ada } = await jobForTwo(lab);
      await ada.claimed();
      const client = lab.as(ada);
      const standing = async () => {
        const { leaseExpiresAt: _, updatedAt: __, ...rest } = await ada.job(id);
        return rest;
      };
      const before = await standing();
      for (const [method, path, good] of routes(id, ada.factoryId)) {
        const spoiled = Object.keys(good).map((name) => ({ ...good, [name]: MISFIT }));
        for (const body of [[], 'text', {}, ...spoiled]) {
          const answer = await client.call(method, path, { body, patient: false });
          expectProblem(answer, JSON.stringify(body).slice(0, 120), [400, 422], true);
        }
        for (const raw of NOT_JSON) {
          const answer = await client.call(method, path, { raw, patient: false });
          expectProblem(answer, JSON.stringify(raw), [400, 422], false);
        }
      }
      same('the job', before, await standing());
    },
  },
  {
    name: 'fleet/no-leak',
    requires:
      'the body of a job and the tokens are in no event, run, list or report, and in no view of others',
    async check(lab) {
      const sentinel = `sentinel-${randomUUID()}`;
      const { job, id, ada, bob } = await jobForTwo(lab, { body: `${sentinel}\n`, title: 'no secret' });
      const { leaseEpoch, bodyMd } = await ada.claimed();
      holds('the body in the claim', bodyMd.includes(sentinel), 'another body');
      const seen: Answer[] = [await ada.report(id, 'building', leaseEpoch, WIP), await bob.get(id)];
      seen.push(await ada.renew(id, leaseEpoch), await ada.report(id, 'shipped', leaseEpoch, WIP));
      seen.push(await ada.report(id, 'building', leaseEpoch), await ada.release(id, leaseEpoch));
      for (const below of ['', '/runs', '/events']) {
        seen.push(await ada.get(id, below), await bob.get(id, below));
      }
      const list = `/tasks?label=${encodeURIComponent(job.label)}`;
      for (const path of [job.path, `${job.path}/events`, list]) seen.push(await lab.staff.get(path));
      for (const answer of seen) {
        const text = `${JSON.stringify(answer.body)} ${JSON.stringify([...answer.headers])}`;
        for (const [what, secret] of Object.entries({ body: sentinel, token: ada.token, other: bob.token })) {
          holds(
            `${answer.call}: nothing of the ${what}`,
            !text.includes(secret),
            showAnswer(answer).replaceAll(secret, `[the ${what}]`),
          );
        }
      }
    },
  },
];

/** Orders about an agent, as far as the deployment knows them. */
import { z } from 'zod';
import { taskAnswerSchema } from '../../../contracts/api';
import { agentHeartbeatAnswerSchema } from '../../../contracts/holder';
import type { Agent } from '../agents';
import { isNoRoute } from '../client';
import { answered, expectStatus, holds, refused, same } from '../expectations';
import { type Invariant, Skip } from '../invariant';
import type { Lab } from '../lab';
import { isListed } from '../quarantine';
import { RECEIPT } from '../task-under-test';
import type { Answer } from '../wire';
import { directiveOf, leaseIsOver } from './directives';

/** How soon an order is in force everywhere, and then some; in milliseconds. */
const IN_FORCE_MS = 3_000;

async function order({ staff }: Lab, agent: Agent, word: string): Promise<Answer> {
  const answer = await staff.post(`/agents/${agent.id}/${word}`, { reason: 'a test' });
  if (isNoRoute(answer)) throw new Skip(`this deployment has no POST /agents/{id}/${word}`);
  return answer;
}

const listSchema = z.object({
  holders: z.array(
    z.looseObject({ id: z.string(), capabilities: z.array(z.string()), presence: z.string() }),
  ),
});

/** From the list, or from its own address where the deployment has one; undefined: not there yet. */
export async function findAgent({ staff }: Pick<Lab, 'staff'>, id: string) {
  const own = await staff.get(`/agents/${id}`);
  if (own.status === 200) return answered('the agent', own, 200, listSchema.shape.holders.element);
  if (!isNoRoute(own)) return undefined;
  const { holders } = answered('the agents', await staff.get('/agents'), 200, listSchema);
  return holders.find((holder) => holder.id === id);
}

export const agentOrders: Invariant[] = [
  {
    name: 'v1/register',
    requires: 'an agent that registers is listed as online; registering again changes it, and adds none',
    async check(lab) {
      const agent = await lab.freshAgent();
      const client = lab.as(agent);
      const first = { agent_id: agent.id, capabilities: ['agent:one'], slots: 1 };
      expectStatus('the registration', await client.post('/agents', first), [200, 201]);
      const second = { ...first, capabilities: ['agent:one', 'agent:two'] };
      expectStatus('the second registration', await client.post('/agents', second), 200);
      await lab.until('the agent online with what it said last', async () => {
        const found = await findAgent(lab, agent.id);
        return found?.presence === 'online' && found.capabilities.includes('agent:two');
      });
    },
  },
  {
    name: 'v1/agent-presence',
    requires: 'heartbeats of an agent are shown with what they say; one that was forgotten hears so (404)',
    async check(lab) {
      const { as, freshAgent, staff, until } = lab;
      const agent = await freshAgent();
      const beat = () => as(agent).post(`/agents/${agent.id}/heartbeat`, { health: 'degraded', load: 0.5 });
      const before = await beat();
      if (isNoRoute(before)) throw new Skip('this deployment has no POST /agents/{id}/heartbeat');
      refused('a heartbeat before the registration', before, 404, 'unknown_holder');
      const told = { agent_id: agent.id, capabilities: ['agent:one'] };
      expectStatus('the registration', await as(agent).post('/agents', told), [200, 201]);
      await until('health and load in the view of the agent', async () => {
        const { directive, presence_s } = answered(
          'a heartbeat',
          await beat(),
          200,
          agentHeartbeatAnswerSchema,
        );
        same('the directive', 'continue', directive);
        holds('a presence_s above 0', presence_s > 0, presence_s);
        const found = await findAgent(lab, agent.id);
        return found?.health === 'degraded' && found.load === 0.5;
      });
      expectStatus('forgetting it', await staff.call('DELETE', `/agents/${agent.id}`), 204);
      await until('the agent to hear that it was forgotten', async () => (await beat()).status === 404);
    },
  },
  {
    name: 'v1/agent-quiet',
    requires:
      'a cordoned agent finishes what it has, is told quiet, and gets nothing new until it is uncordoned',
    async check(lab) {
      const { freshAgent, task, until, pause } = lab;
      const eve = await freshAgent();
      const one = await task();
      const { epoch } = (await one.take(eve)).lease;
      expectStatus('the cordon', await order(lab, eve, 'cordon'), 200);
      await pause(IN_FORCE_MS);
      const beat = await one.say(eve, 'heartbeat', { epoch });
      same('directive of a renewal', [200, 'quiet'], [beat.status, directiveOf(beat)]);
      const two = await task();
      const none = await two.dequeue(eve, { wait_ms: 500 });
      same('answer and directive of a dequeue', [204, 'quiet'], [none.status, directiveOf(none)]);
      expectStatus('the receipt for what it had', await one.complete(eve, { epoch }), 200);
      expectStatus('uncordon', await order(lab, eve, 'uncordon'), 200);
      await until(
        'the agent to get work again',
        async () => (await two.dequeue(eve, { wait_ms: 500 })).status === 200,
      );
    },
  },
  {
    name: 'v1/agent-kill',
    requires:
      'a killed agent is to stop: its tasks are free and uncharged, its receipts quarantined, its token refused',
    async check(lab) {
      const { freshAgent, pair, task, until } = lab;
      const [, bob] = pair;
      const eve = await freshAgent();
      const one = await task();
      const { lease } = await one.take(eve);
      expectStatus('the renewal', await one.say(eve, 'heartbeat', { epoch: lease.epoch }), 200);
      expectStatus('the kill', await order(lab, eve, 'kill'), [200, 202]);
      const next = await one.take(bob);
      holds('an epoch above the killed one', next.lease.epoch > lease.epoch, next.lease.epoch);
      same('retries', 0, (await one.view()).retry_count);
      await until('the token of the agent to be refused', async () => {
        const answer = await lab
          .as(eve)
          .post('/tasks/dequeue', { agent_id: eve.id, capabilities: [one.label] });
        return answer.status === 401;
      });
      // The token of a lease ends with its epoch, and not before: what it says is heard, and refused.
      const beat = await one.say(lease, 'heartbeat');
      if (beat.status !== 401) leaseIsOver('a renewal by the lease token', beat);
      const late = await one.complete(lease, { receipt: { ...RECEIPT, summary: 'from beyond' } });
      if (late.status !== 401) {
        const { quarantine_id } = refused('the late receipt', late, 409, 'stale_epoch');
        await isListed(lab, quarantine_id, { epoch: lease.epoch, summary: 'from beyond' });
      }
      const done = await one.complete(bob, { epoch: next.lease.epoch });
      same('the status', 'completed', answered('the receipt', done, 200, taskAnswerSchema).status);
    },
  },
];

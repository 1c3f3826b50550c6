import { agentViewSchema } from '../../contracts/holder';
import { agentRef } from '../../workflows/names';
import { admissionRoutes } from '../admission-routes';
import { agentAnswer, findAgent } from '../agents-answer';
import type { ApiContext, App } from '../context';
import { assertSettled } from '../kill-settled';

const WORDS = {
  cordon: [
    'Give an agent nothing new',
    'It goes on with what it has, and is told `quiet`. In force within seconds, until it is undone.',
  ],
  uncordon: [
    'Give an agent work again',
    'Ends a cordon, draining, and a kill: after a kill the agent needs a new token as well. 409 `kill_not_settled` ' +
      'in the first seconds of a kill, and for as long as something is still to be taken from the agent.',
  ],
  drain: [
    'Let an agent run empty',
    'A cordon; `admission` becomes `drained` when it holds nothing any more.',
  ],
} as const;

export function agentsAdmission(app: App, ctx: ApiContext) {
  admissionRoutes(app, ctx, {
    family: 'agents',
    words: WORDS,
    answer: agentViewSchema,
    refOf: agentRef,
    async find(context, principal, id, order) {
      const agent = await findAgent(context, principal, id);
      if (order === 'uncordon') assertSettled(agent);
      return agent;
    },
    view: agentAnswer,
  });
}

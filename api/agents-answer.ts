/** Agents with what each holds, as far as the caller may see it. */
import type { AgentView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { agentRef } from '../workflows/names';
import { agentView } from './agent-view';
import { maySee } from './auth';
import type { ApiContext } from './context';
import { ENGINE_MS, within } from './deadline';
import { knownAgent } from './holder-profile';
import type { HoldsByHolder } from './holds';
import { ApiProblem } from './problems';
import type { Principal } from './tokens';

type Reader = Pick<ApiContext, 'client' | 'holds' | 'directory'>;

/** An agent of no product is shown to those who see all. */
const isShown = ({ product: own }: Principal, { profile: { product } }: KnownHolder) =>
  own === null || own === product;

export async function agentsAnswer(ctx: Reader, principal: Principal): Promise<{ holders: AgentView[] }> {
  const known = await within(ctx.client, ENGINE_MS, () => ctx.directory.agentsNow());
  const shown = known.filter((agent) => isShown(principal, agent));
  if (shown.length === 0) return { holders: [] };
  const holds = await ctx.holds();
  return { holders: shown.map((agent) => viewFor(principal, agent, holds)) };
}

/** As the caller may see it. */
export async function agentAnswer(ctx: Reader, principal: Principal, agent: KnownHolder): Promise<AgentView> {
  return viewFor(principal, agent, await ctx.holds());
}

function viewFor(principal: Principal, agent: KnownHolder, holds: HoldsByHolder): AgentView {
  const held = holds.get(agentRef(agent.profile.id)) ?? [];
  const visible = held.filter(({ product }) => maySee(principal, product));
  return agentView(agent, visible, held.length, Date.now());
}

/** Throws 404, also for an agent of another product. */
export async function findAgent(ctx: ApiContext, principal: Principal, id: string): Promise<KnownHolder> {
  const agent = await knownAgent(ctx, id);
  if (agent && isShown(principal, agent)) return agent;
  throw new ApiProblem(404, 'unknown_holder', `no agent is called ${id}`);
}

/** Those who pull in the tests: agents of the kit's own, or those whose tokens were given. */
import { issuedTokenSchema } from '../../contracts/api';
import { type Client, createClient } from './client';
import { answered, showAnswer } from './expectations';
import { Skip } from './invariant';
import { keepSecret } from './redact';
import type { Wire } from './wire';

export interface Agent {
  id: string;
  token: string;
}

export interface Agents {
  /** Shared by all invariants: never drained or killed. */
  shared: Agent[];
  /** One that nobody else uses. Throws Skip where the kit may not issue tokens. */
  fresh(more?: { product?: string }): Promise<Agent>;
  /** Ids of those that the kit made up. */
  made: string[];
}

/** As many as claim at the same time, so that none of them is alone. */
const SHARED = 4;

/** @param given of agents that are there; null: issue tokens. Throws Error when the token may not */
export async function openAgents(
  wire: Wire,
  token: string,
  run: string,
  given: Agent[] | null,
): Promise<Agents> {
  const admin = createClient(wire, token);
  if (given) {
    for (const agent of given) keepSecret(agent.token);
    const fresh = () =>
      Promise.reject(new Skip('needs a token for an agent of its own, and so one of an admin'));
    return { shared: given, fresh, made: [] };
  }
  const made: string[] = [];
  async function fresh(more: { product?: string } = {}) {
    const agent_id = `conformance-${run}-${made.length + 1}`;
    made.push(agent_id);
    return issue(admin, { agent_id, ...more });
  }
  const first = await admin.post('/tokens', { agent_id: `conformance-${run}-0` });
  if (first.status === 403) {
    throw new Error(
      'this token may not issue tokens for agents: use one of an admin, or give tokens with --agents',
    );
  }
  if (first.status !== 201) throw new Error(`no token for an agent: ${showAnswer(first)}`);
  const shared = await Promise.all(Array.from({ length: SHARED }, () => fresh()));
  return { shared, fresh, made };
}

async function issue(admin: Client, wanted: { agent_id: string; product?: string }): Promise<Agent> {
  const answer = await admin.post('/tokens', wanted);
  if (answer.status === 403) throw new Skip('the token is of one product, and this needs a second');
  const { token } = answered('a token for an agent', answer, 201, issuedTokenSchema);
  keepSecret(token);
  return { id: wanted.agent_id, token };
}

/** One `<agent id> <token>` a line. Throws Error that never shows a token. */
export function parseAgents(text: string, file: string): Agent[] {
  const lines = text.split('\n').map((line) => line.trim());
  const agents = lines.flatMap((line, i) => {
    if (line === '' || line.startsWith('#')) return [];
    const [id, token, ...more] = line.split(/\s+/);
    if (!id || !token || more.length > 0) throw new Error(`${file}:${i + 1}: expected <agent id> <token>`);
    return [{ id, token }];
  });
  if (agents.length < 2) throw new Error(`${file}: expected two agents or more, got ${agents.length}`);
  return agents;
}

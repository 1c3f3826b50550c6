/** Agents that wait, as the benchmark sees them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Api } from '../../examples/demo/api';
import { until } from '../until';
import type { CrowdOrder, CrowdState } from './crowd-process';

/** No task asks for it. */
const CAPABILITY = 'agent:nothing';
const TOKENS_AT_ONCE = 16;
const PARKED_MS = 120_000;

export interface Crowd {
  state(): Promise<CrowdState>;
  /** Lets all polls end and begin again within some seconds; resolves when all of them wait. */
  gather(): Promise<void>;
  /** All hang up. */
  end(): Promise<void>;
}

/** Resolves when all of them wait. */
export async function parkCrowd(
  admin: Api,
  url: string,
  { name, count, comeOverMs }: { name: string; count: number; comeOverMs: number },
): Promise<Crowd> {
  const ids = Array.from({ length: count }, (_, i) => `${name}-${i}`);
  const agents: CrowdOrder['agents'] = [];
  while (ids.length > 0) {
    agents.push(...(await Promise.all(ids.splice(0, TOKENS_AT_ONCE).map((id) => withToken(admin, id)))));
  }
  const child = fork(join(__dirname, 'crowd-process.js'));
  const state = async () => {
    const answer = once(child, 'message');
    child.send('state');
    return (await answer)[0] as CrowdState;
  };
  const end = async () => {
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  };
  const gather = async () => {
    child.send('gather');
    await until('the agents wait all together', PARKED_MS, async () => {
      const { waiting, gathering } = await state();
      return waiting === count && !gathering;
    });
  };
  child.send({ url, capability: CAPABILITY, agents, comeOverMs } satisfies CrowdOrder);
  try {
    await until(
      `${count} agents wait`,
      comeOverMs + PARKED_MS,
      async () => (await state()).waiting === count,
    );
  } catch (error) {
    console.error(await state());
    await end();
    throw error;
  }
  return { state, gather, end };
}

export async function withToken(admin: Api, id: string): Promise<{ id: string; token: string }> {
  const { status, body } = await admin.post('/tokens', { agent_id: id, role: 'agent' });
  if (status !== 201) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
  return { id, token: body.token };
}

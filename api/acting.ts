/** Whom a message about an attempt is from, and which attempt it is about. */
import type { HolderRef } from '../contracts/task';
import { agentRef } from '../workflows/names';
import { actingAgent } from './auth';
import { ApiProblem } from './problems';
import type { Principal } from './tokens';

/** What a message says of itself. */
export interface Said {
  agent_id?: string;
  epoch?: number;
}

export interface Sender {
  /** Goes into the message as its holder. */
  holder: string;
  epoch: number;
  /** A coordinator, or an admin who does not name an agent: no holder, but who may overrule one. */
  manual: boolean;
}

/** Throws 403 when an agent names another, 400 without an epoch, 422 when a lease token is of another one. */
export function holderSaying(principal: Principal, said: Said): { holder: HolderRef; epoch: number } {
  return { holder: agentRef(actingAgent(principal, said.agent_id)), epoch: epochOf(principal, said) };
}

/** As `holderSaying`, for what people may say as well. */
export function senderOf(principal: Principal, said: Said): Sender {
  const manual =
    principal.role === 'coordinator' || (principal.role === 'admin' && said.agent_id === undefined);
  if (!manual) return { ...holderSaying(principal, said), manual };
  return { holder: `${principal.role}:${principal.sub}`, epoch: epochOf(principal, said), manual };
}

function epochOf({ lease }: Principal, { epoch }: Said): number {
  const known = epoch ?? lease?.epoch;
  if (known === undefined) throw wrong(400, 'invalid_request', 'nothing', 'number, or a lease token');
  if (lease && known !== lease.epoch) throw wrong(422, 'wrong_epoch', `number ${known}`, `${lease.epoch}`);
  return known;
}

const wrong = (status: number, code: string, got: string, expected: string) =>
  new ApiProblem(status, code, `body: epoch: expected ${expected}, got ${got}`, {
    errors: [{ field: 'epoch', got, expected }],
  });

/** Whom a message about an attempt is from. */
import { agentRef } from '../workflows/names';
import { actingAgent } from './auth';
import type { Principal } from './tokens';

export interface Sender {
  /** Goes into the message as its holder. */
  holder: string;
  /** A coordinator, or an admin who does not name an agent: no holder, but who may overrule one. */
  manual: boolean;
}

/** Throws 403 when an agent names another. */
export function senderOf(principal: Principal, agentId: string | undefined): Sender {
  const manual = principal.role === 'coordinator' || (principal.role === 'admin' && agentId === undefined);
  if (manual) return { holder: `${principal.role}:${principal.sub}`, manual: true };
  return { holder: agentRef(actingAgent(principal, agentId)), manual: false };
}

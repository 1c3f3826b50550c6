/** Agents as the API shows them. */
import type { AgentView, HolderView } from '../contracts/holder';
import type { KnownHolder } from '../dispatch/directory';
import { admissionOf } from './admission';
import { holderView } from './holder-profile';

/** @param held number of tasks that the agent holds, also those which the caller may not see */
export function agentView(
  agent: KnownHolder,
  holds: HolderView['holds'],
  held: number,
  now: number,
): AgentView {
  const { killed = null, said } = agent;
  // The index still shows for a moment what was just taken away.
  const gone = new Set(killed?.fenced.map(({ task_id }) => task_id));
  const left = holds.filter(({ task_id }) => !gone.has(task_id));
  return {
    ...holderView(agent, left),
    health: said?.health ?? null,
    load: said?.load ?? null,
    admission: admissionOf(agent, held, now),
    kill: killed && {
      at: new Date(killed.at).toISOString(),
      by: killed.by,
      reason: killed.reason,
      settled: killed.settled,
      fenced: killed.fenced,
    },
  };
}

/** All invariants; those that wait come first, so that others run beside them. */
import { fleetBodies } from './fleet/bodies';
import { fleetClaims } from './fleet/claims';
import { fleetFencing } from './fleet/fencing';
import { fleetStages } from './fleet/stages';
import { type Dialect, dialectOf, type Invariant } from './invariant';
import { access } from './v1/access';
import { agentOrders } from './v1/agents';
import { badBodies } from './v1/bad-bodies';
import { claims } from './v1/claims';
import { leases } from './v1/leases';
import { logs } from './v1/logs';
import { receipts } from './v1/receipts';
import { staleMessages } from './v1/stale';
import { tasks } from './v1/tasks';

export const CATALOGUE: readonly Invariant[] = [
  ...agentOrders,
  ...leases,
  ...staleMessages,
  ...claims,
  ...receipts,
  ...access,
  ...tasks,
  ...logs,
  ...badBodies,
  ...fleetFencing,
  ...fleetClaims,
  ...fleetStages,
  ...fleetBodies,
];

/** @param only names, or beginnings of them; empty: all. Throws Error for one that none has */
export function select(dialect: Dialect | 'both', only: readonly string[]): Invariant[] {
  const spoken = CATALOGUE.filter((one) => dialect === 'both' || dialectOf(one) === dialect);
  const strange = only.find((name) => !spoken.some((one) => one.name.startsWith(name)));
  if (strange !== undefined) {
    throw new Error(
      `--only ${strange}: expected the beginning of ${spoken.map(({ name }) => name).join(', ')}`,
    );
  }
  return only.length === 0 ? spoken : spoken.filter((one) => only.some((name) => one.name.startsWith(name)));
}

/** What the headers of a delivery say. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ForgeKind } from '../../contracts/forge';

const PREFIX: Record<ForgeKind, string> = { forgejo: 'x-forgejo', gitea: 'x-gitea', github: 'x-github' };

/** A UUID everywhere; it becomes part of a workflow id. */
const DELIVERY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const EVENT = /^[a-z][a-z_]{0,63}$/;

export interface DeliveryHeaders {
  deliveryId: string;
  /** Such as `issues`. */
  event: string;
}

/** @returns the name of the header that is missing or is none of a forge, else what they say */
export function deliveryHeaders(
  kind: ForgeKind,
  headers: IncomingHttpHeaders,
): DeliveryHeaders | { bad: string } {
  const [idHeader, eventHeader] = [`${PREFIX[kind]}-delivery`, `${PREFIX[kind]}-event`];
  const deliveryId = String(headers[idHeader] ?? '');
  const event = String(headers[eventHeader] ?? '');
  if (!DELIVERY_ID.test(deliveryId)) return { bad: idHeader };
  return EVENT.test(event) ? { deliveryId, event } : { bad: eventHeader };
}

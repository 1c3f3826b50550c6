/**
 * Ids hold slashes (`org/repo#42`), in the path either encoded or raw. Raw ones are encoded here, before
 * routing, so that one parameter holds the id; the last segment of an id is never a reserved word.
 */
import { RESERVED_SEGMENTS } from '../contracts/ids';

export const BASE = '/api/v1';
export const FLEET_BASE = '/api/fleet';

const FAMILIES = [
  {
    prefix: `${BASE}/tasks/`,
    actions: new Set<string>(RESERVED_SEGMENTS.filter((word) => word !== 'dequeue')),
  },
  { prefix: `${BASE}/quarantine/`, actions: new Set(['accept', 'discard']) },
  {
    prefix: `${FLEET_BASE}/jobs/`,
    actions: new Set(['runs', 'events', 'lease/renew', 'lease/release']),
  },
];

/** `/api/v1/tasks/org/repo%2342/complete?x` → `/api/v1/tasks/org%2Frepo%2342/complete?x`. */
export function encodeIdSlashes(url: string): string {
  for (const { prefix, actions } of FAMILIES) {
    if (!url.startsWith(prefix)) continue;
    const end = url.search(/[?#]/);
    const path = end === -1 ? url : url.slice(0, end);
    const segments = path.slice(prefix.length).split('/');
    // An action is one segment or two, behind at least one of the id.
    const words = [1, 2].find((n) => segments.length > n && actions.has(segments.slice(-n).join('/'))) ?? 0;
    const id = segments.slice(0, segments.length - words).join('%2F');
    const action = segments.slice(segments.length - words).map((word) => `/${word}`);
    return `${prefix}${id}${action.join('')}${end === -1 ? '' : url.slice(end)}`;
  }
  return url;
}

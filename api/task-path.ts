/**
 * Ids hold slashes (`org/repo#42`), in the path either encoded or raw. Raw ones are encoded here, before
 * routing, so that one parameter holds the id; the last segment of an id is never a reserved word.
 */
import { RESERVED_SEGMENTS } from '../contracts/ids';

export const BASE = '/api/v1';

const FAMILIES = [
  {
    prefix: `${BASE}/tasks/`,
    actions: new Set<string>(RESERVED_SEGMENTS.filter((word) => word !== 'dequeue')),
  },
  { prefix: `${BASE}/quarantine/`, actions: new Set(['accept', 'discard']) },
];

/** `/api/v1/tasks/org/repo%2342/complete?x` → `/api/v1/tasks/org%2Frepo%2342/complete?x`. */
export function encodeIdSlashes(url: string): string {
  for (const { prefix, actions } of FAMILIES) {
    if (!url.startsWith(prefix)) continue;
    const end = url.search(/[?#]/);
    const path = end === -1 ? url : url.slice(0, end);
    const segments = path.slice(prefix.length).split('/');
    const last = segments.at(-1) ?? '';
    const hasAction = segments.length > 1 && actions.has(last);
    const id = (hasAction ? segments.slice(0, -1) : segments).join('%2F');
    return `${prefix}${id}${hasAction ? `/${last}` : ''}${end === -1 ? '' : url.slice(end)}`;
  }
  return url;
}

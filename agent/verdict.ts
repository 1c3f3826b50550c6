import type { Answer } from './http-client';

/** Why an attempt is over, in the words of the server. */
export interface Fence {
  code: string;
  detail: string;
}

/**
 * done: accepted. over: the attempt is no longer ours, or its task is closed. refused: the request does not fit, so
 * that a repeat would not either. away: no verdict at all, ask again.
 */
export type Verdict = 'done' | 'over' | 'refused' | 'away';

const OVER = new Set([409, 410, 423]);
/** An agent that was killed has lost its token. */
export const TOKEN_REVOKED = 'token_revoked';
/** Of older servers, and for a task that is so long over that nobody knows it. */
const OVER_CODES = new Set(['not_holder', 'held_by_other', 'task_not_found', TOKEN_REVOKED]);
/** A token that is refused for another reason says nothing about the lease; somebody may be changing the key. */
const AWAY = new Set([401, 404, 408, 425, 429]);

export function verdictOf({ status, code }: Pick<Answer, 'status' | 'code'>): Verdict {
  if (status >= 200 && status < 300) return 'done';
  if (OVER.has(status) || (code !== null && OVER_CODES.has(code))) return 'over';
  return AWAY.has(status) || status >= 500 ? 'away' : 'refused';
}

export function fenceOf({ status, code, body }: Answer): Fence {
  const detail = (body as { detail?: unknown } | null)?.detail;
  return { code: code ?? `http_${status}`, detail: typeof detail === 'string' ? detail : '' };
}

/** For a log: what came instead of a yes. */
export const sayAnswer = ({ status, code }: Pick<Answer, 'status' | 'code'>): string =>
  code === null ? String(status) : `${status} ${code}`;

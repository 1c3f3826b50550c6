import type { Checkpoint } from '../../contracts/receipt';

/** Where a session can be gone on with: it is a file of one CLI on one machine. */
export const sessionPlace = (hostId: string, template: string): string => `${hostId}/${template}`;

/** Nothing that a program would take for an option or a path. */
const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$/;

/** The session that a run at `place` goes on with; null: it begins one. */
export function sessionToResume(checkpoint: Checkpoint | null, place: string): string | null {
  const { session_id, session_at } = checkpoint ?? {};
  return session_id !== undefined && session_at === place && SESSION_ID.test(session_id) ? session_id : null;
}

/** What these say lies outside of the conversation, which can go on once that is mended. */
const OUTSIDE = new Set(['quota', 'auth', 'max_turns', 'budget', 'interrupted']);
const ENDS_IT = new Set(['session_not_found', 'context_limit']);

/** A session that failed when it was gone on with may itself be the reason: the next attempt begins afresh. */
export const canGoOn = (failure: string | null, resumed: boolean): boolean =>
  failure === null || (!ENDS_IT.has(failure) && (!resumed || OUTSIDE.has(failure)));

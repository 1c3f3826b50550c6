/** From the board to a grant: the one path by which agents and hosts get work. */
import type { HolderRef } from '../contracts/task';
import type { Grant } from '../workflows/task/message-types';
import type { Board } from './board';
import type { Attempt } from './board-core';
import type { BoardEntry } from './board-entry';
import type { Claim, Claims } from './claim';

/** The most that a worker needs to answer, with room for one that takes over from a dead one (1 s). */
export const CLAIM_TIMEOUT_MS = 5_000;

export type Taken =
  | { kind: 'granted'; taskId: string; grant: Grant }
  | { kind: 'none' }
  | { kind: 'unavailable' };

export interface TakeDeps {
  board: Board;
  claims: Claims;
  /** Longest wait for the answer to one claim, in milliseconds. */
  claimTimeoutMs?: number;
}

export interface TakeWant extends Claim {
  /** null: any product. */
  product: string | null;
}

/**
 * Waits for up to `waitMs` milliseconds; without `look` it only takes what is on the board. `unavailable`: a claim got no answer (503 to the caller).
 * Never rejects but for a bug.
 */
export async function takeTask(
  deps: TakeDeps,
  want: TakeWant,
  waitMs: number,
  signal?: AbortSignal,
  look = true,
): Promise<Taken> {
  try {
    const taken = await deps.board.take(want, claimAttempt(deps, want), { waitMs, signal, look });
    return taken ?? { kind: 'none' };
  } catch (error) {
    if (error instanceof IndeterminateClaim) return { kind: 'unavailable' };
    throw error;
  }
}

/** The claim got no answer: it may have been granted, and is being given up. */
export class IndeterminateClaim extends Error {
  override name = 'IndeterminateClaim';
  constructor(
    readonly taskId: string,
    readonly holder: HolderRef,
  ) {
    super(`the claim of ${taskId} for ${holder} got no answer`);
  }
}

type Granted = Extract<Taken, { kind: 'granted' }>;

function claimAttempt({ claims, claimTimeoutMs }: TakeDeps, claim: Claim): Attempt<Granted> {
  return (entry) => claimOne(claims, entry, claim, claimTimeoutMs ?? CLAIM_TIMEOUT_MS);
}

/** One claim in the words of the board. @throws IndeterminateClaim */
export async function claimOne(
  claims: Claims,
  { taskId, beginning }: Pick<BoardEntry, 'taskId' | 'beginning'>,
  claim: Claim,
  timeoutMs: number,
): Promise<{ taken: Granted } | 'lost' | 'gone'> {
  const result = await claims.claim(taskId, claim, timeoutMs, beginning);
  switch (result.kind) {
    case 'granted':
      return { taken: { kind: 'granted', taskId, grant: result.grant } };
    case 'indeterminate':
      throw new IndeterminateClaim(taskId, claim.holder);
    case 'rejected':
      return !result.crowded && GONE.has(result.code) ? 'gone' : 'lost';
  }
}

/** Nobody can take the task now; the other refusals are about this holder or this request. */
const GONE = new Set(['not_claimable', 'locked', 'closed', 'not_found']);

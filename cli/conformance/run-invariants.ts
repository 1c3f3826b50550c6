/** Runs invariants side by side, each with a deadline of its own. */
import { Mismatch } from './expectations';
import { type Dialect, dialectOf, type Invariant, LIMIT_MS, Skip } from './invariant';
import type { Lab } from './lab';
import { redact } from './redact';
import { NoAnswer } from './wire';

export interface Result {
  name: string;
  dialect: Dialect;
  requires: string;
  outcome: 'ok' | 'failed' | 'skipped';
  duration_ms: number;
  /** Why it was skipped, or failed. */
  reason?: string;
  /** Of one that failed. */
  expected?: string;
  seen?: string;
}

export interface RunOptions {
  /** How many at the same time. */
  concurrency: number;
  /** Aborted: the rest is skipped. */
  signal: AbortSignal;
  onResult?: (result: Result) => void;
}

/** @param labFor what an invariant works with until its signal is aborted. Never rejects; results in the order given */
export async function runInvariants(
  invariants: readonly Invariant[],
  labFor: (signal: AbortSignal) => Lab,
  { concurrency, signal, onResult }: RunOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...invariants.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [place, invariant] = next;
      const result = await runOne(invariant, labFor, signal);
      results[place] = result;
      onResult?.(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

async function runOne(
  invariant: Invariant,
  labFor: (signal: AbortSignal) => Lab,
  stopped: AbortSignal,
): Promise<Result> {
  const { name, requires, limitMs = LIMIT_MS } = invariant;
  const begun = performance.now();
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([stopped, limit]);
  const told = await (stopped.aborted ? Promise.resolve(INTERRUPTED) : verdict());
  return {
    name,
    dialect: dialectOf(invariant),
    requires,
    duration_ms: Math.round(performance.now() - begun),
    ...told,
  };

  async function verdict() {
    try {
      await Promise.race([invariant.check(labFor(signal)), abortion(signal)]);
      return { outcome: 'ok' as const };
    } catch (error) {
      if (stopped.aborted) return INTERRUPTED;
      if (limit.aborted) return failure('an end', `none after ${limitMs / 1_000} s`);
      return explain(error);
    }
  }
}

const INTERRUPTED = { outcome: 'skipped' as const, reason: 'interrupted' };

function explain(error: unknown) {
  if (error instanceof Skip) return { outcome: 'skipped' as const, reason: error.message };
  if (error instanceof Mismatch) return failure(error.expected, error.seen);
  if (error instanceof NoAnswer) return failure('an answer', error.message);
  return failure(
    'no error of the kit',
    redact(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
}

const failure = (expected: string, seen: string) => ({
  outcome: 'failed' as const,
  reason: `expected ${expected}; seen: ${seen}`,
  expected,
  seen,
});

const abortion = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );

import type { Client } from '@temporalio/client';

/** For calls that need no worker. Enough for a retry or two; a caller does not wait longer for an answer. */
export const ENGINE_MS = 5_000;
/** For calls that a worker answers. */
export const ANSWER_MS = 2_000;

/** Every call to the engine ends: the client would wait for ever otherwise. */
export const within = <T>(client: Client, ms: number, call: () => Promise<T>): Promise<T> =>
  client.connection.withDeadline(Date.now() + ms, call);

/** For an answer that may come from the call of somebody else, who waits longer: `fallback` after `ms`. */
export async function orAfter<T, F>(ms: number, answer: Promise<T>, fallback: F): Promise<T | F> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<F>((resolve) => {
    timer = setTimeout(resolve, ms, fallback);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
